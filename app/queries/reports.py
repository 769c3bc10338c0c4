"""What people tell the moderators of each other, with the evidence as it was."""

from app import db, times
from app.bodies import Report
from app.db import Row


def find_chat(
    user_id: int, target_id: int, chat_id: int | None, message_id: int | None
) -> Row | None:
    """The latest chat that I had with them, however it ended, among those with that id and message of theirs."""
    return db.one(
        """
        SELECT id
        FROM chats
        WHERE user1_id = :user1_id
          AND user2_id = :user2_id
          AND :user_id IN (user1_id, user2_id)
          AND id = coalesce(:chat_id, id)
          AND (:message_id IS NULL
               OR EXISTS (
                   SELECT 1
                   FROM messages
                   WHERE messages.id = :message_id
                     AND messages.chat_id = chats.id
                     AND messages.sender_id = :target_id))
        ORDER BY id DESC
        LIMIT 1
        """,
        user_id=user_id,
        target_id=target_id,
        user1_id=min(user_id, target_id),
        user2_id=max(user_id, target_id),
        chat_id=chat_id,
        message_id=message_id,
    )


def insert(user_id: int, report: Report, chat_id: int | None, evidence: str) -> Row | None:
    """The new report's `{"id"}`, or None when one of mine about them is open."""
    return db.one(
        """
        INSERT INTO reports (user_id, target_id, category, priority, comment, chat_id, message_id, evidence, created_at)
        VALUES (:user_id, :target_id, :category, :priority, :comment, :chat_id, :message_id, :evidence, :now)
        ON CONFLICT (user_id, target_id) WHERE decided_at IS NULL DO NOTHING
        RETURNING id
        """,
        user_id=user_id,
        target_id=report.user_id,
        category=report.category,
        priority=report.priority(),
        comment=report.comment,
        chat_id=chat_id,
        message_id=report.message_id,
        evidence=evidence,
        now=times.from_now(),
    )


def find_repeated(user_id: int, report: Report, since: str) -> Row | None:
    """Return `{"id"}` of the user's open report that says the same and was made after `since`."""
    return db.one(
        """
        SELECT id
        FROM reports
        WHERE user_id = :user_id
          AND target_id = :target_id
          AND decided_at IS NULL
          AND category = :category
          AND comment = :comment
          AND coalesce(message_id, 0) = coalesce(:message_id, 0)
          AND (:chat_id IS NULL OR chat_id = :chat_id)
          AND created_at > :since
        """,
        user_id=user_id,
        target_id=report.user_id,
        category=report.category,
        comment=report.comment,
        message_id=report.message_id,
        chat_id=report.chat_id,
        since=since,
    )


def count(user_id: int, since: str) -> Row:
    """My reports since then: `{"used", "oldest"}`, how many and when the first was."""
    found = db.one(
        """
        SELECT count(*) AS used, min(created_at) AS oldest
        FROM reports
        WHERE user_id = :user_id
          AND created_at > :since
        """,
        user_id=user_id,
        since=since,
    )
    assert found is not None  # noqa: S101
    return found


def queue(limit: int) -> list[Row]:
    """The open reports, the most urgent first, and how many there are about the same person."""
    return db.every(
        """
        SELECT reports.id, reports.priority, reports.category, reports.target_id AS user_id, them.username,
               reports.user_id AS reporter_id,
               (SELECT count(*)
                FROM reports AS same
                WHERE same.target_id = reports.target_id
                  AND same.decided_at IS NULL) AS open_reports,
               reports.created_at, reports.comment
        FROM reports
        JOIN users AS them ON them.id = reports.target_id
        WHERE reports.decided_at IS NULL
        ORDER BY reports.priority, reports.id
        LIMIT :limit
        """,
        limit=limit,
    )


def find(report_id: int) -> Row | None:
    return db.one(
        """
        SELECT reports.id, reports.category, reports.priority, reports.created_at, reports.decision, reports.decided_at,
               reports.target_id AS user_id, reports.user_id AS reporter_id, reporter.username AS reporter,
               reports.comment, reports.chat_id, reports.message_id, reports.evidence
        FROM reports
        JOIN users AS reporter ON reporter.id = reports.user_id
        WHERE reports.id = :report_id
        """,
        report_id=report_id,
    )


def about(target_id: int) -> list[Row]:
    """All that was ever reported of somebody."""
    return db.every(
        """
        SELECT id, category, user_id AS reporter_id, created_at, decision, decided_at
        FROM reports
        WHERE target_id = :target_id
        ORDER BY id
        """,
        target_id=target_id,
    )


def dismiss(report_id: int) -> bool:
    """Whether it was open."""
    return _decide("id = :report_id", "dismissed", report_id=report_id) == 1


def decide_about(target_id: int, decision: str) -> int:
    """How many open reports of somebody are decided by this."""
    return _decide("target_id = :target_id", decision, target_id=target_id)


def _decide(which: str, decision: str, **params: int) -> int:
    """The evidence about who has left the place meanwhile goes with the decision."""
    return db.run(
        f"""
        UPDATE reports
        SET decision = :decision,
            decided_at = :now,
            evidence = CASE WHEN EXISTS (
                SELECT 1
                FROM users
                WHERE users.id = reports.target_id
                  AND users.deleted_at IS NOT NULL) THEN '{{}}' ELSE evidence END
        WHERE {which}
          AND decided_at IS NULL
        """,  # noqa: S608
        decision=decision,
        now=times.from_now(),
        **params,
    )
