"""What two people of the demo say to each other."""

from random import Random

from app.demo.people import WORDS, Somebody, words


def lines(one: Somebody, other: Somebody, chance: Random) -> list[tuple[int, str]]:
    """Who says what: 0 is the one who begins; nothing, where neither dares."""
    if chance.random() < 0.15:
        return []
    pairs = [
        [
            _filled(chance.choice(words("openers")), other),
            _filled(chance.choice(words("answers")), one),
        ]
    ]
    for topic in [topic for topic in one.topics if topic in other.topics] or one.topics[:1]:
        pairs += WORDS["topics"][topic]
    pairs.append(chance.choice(WORDS["closings"]))
    said = [(speaker, line) for pair in pairs for speaker, line in enumerate(pair)]
    return said if chance.random() < 0.4 else said[: chance.randint(1, len(said))]  # some leave off


def _filled(line: str, to: Somebody) -> str:
    return line.format(name=to.profile["name"], quarter=to.quarter)
