"""One user's socket: an inbox, a single writer, and the limits on what comes in."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import msgspec
from simple_websocket import ConnectionClosed, Server
from wsproto.events import Event, Ping
from wsproto.utilities import LocalProtocolError

from app import metrics, storage_errors
from ws.inbox import Inbox
from ws.transport import LINGER_SECONDS, Transport

log = logging.getLogger(__name__)

LARGEST_FRAME = 4096  # bytes
FRAMES_A_SECOND, BURST = 20, 40

TOO_LARGE = (1009, "too large")
TOO_MANY = (4008, "too many frames")
BEHIND = (4010, "reconnect with after")
ENDED = (4401, "session ended")
REPLACED = (4409, "replaced by a newer connection")


class Connection:
    """Made before the upgrade, so that what is published from then on waits in its inbox."""

    def __init__(
        self,
        user_id: int,
        session_id: int,
        transport: Transport,
        ping_seconds: float,
        silence_seconds: float,
    ) -> None:
        self.user_id, self.session_id, self.id = user_id, session_id, secrets.token_hex(8)
        self.since = time.monotonic_ns()  # the host's clock, the same for all its processes
        self.is_unheard = False  # whether an older one of this user may not know of it
        self._transport = transport
        self._ping_seconds, self._silence_seconds = ping_seconds, silence_seconds
        self._wake = threading.Event()
        self.inbox = Inbox(user_id, self._wake)
        self._closing: tuple[int, str] | None = None
        self._allowance, self._counted = float(BURST), time.monotonic()

    def announcement(self) -> str:
        return msgspec.json.encode(
            {"type": "connected", "connection": self.id, "since": self.since}
        ).decode()

    def hear_of(self, connection_id: str, since: int) -> None:
        """A connection of this user was announced, in whatever process: the newest replaces the others."""
        if (since, connection_id) > (self.since, self.id):
            self.close(*REPLACED)
        elif connection_id != self.id:
            self.is_unheard = True

    def close(self, code: int, reason: str) -> None:
        """Say why and end, soon; the first reason counts."""
        self._closing = self._closing or (code, reason)
        self._wake.set()

    def run(self, ws: Server, receive: Callable[[str], None]) -> None:
        """Write, ping and hand over what comes in, until either side ends it."""
        ws.event = self._wake  # the library sets it when a frame came and when the socket ended
        ws.ws.events = partial(self._within_limits, ws.ws.events)
        try:
            self._serve(ws, receive)
            if self._closing:
                ws.close(*self._closing)
        except (ConnectionClosed, LocalProtocolError):
            pass  # the client's wish
        except OSError:
            self._transport.reset()
        except Exception as error:
            if storage_errors.is_outage(error):
                storage_errors.note(error)
            else:
                log.exception("a connection failed")
            self._transport.abort()
        ws.connected = False
        ws.thread.join(LINGER_SECONDS)  # it reads until the client has answered or hung up
        self._transport.abort()

    def _serve(self, ws: Server, receive: Callable[[str], None]) -> None:
        next_ping = time.monotonic() + self._ping_seconds
        while ws.connected and not self._closing:
            self._wake.clear()  # before looking, so that nothing that comes meanwhile is slept over
            self._take_in(ws, receive)
            self._write_out(ws)
            if self.inbox.is_behind and not self.inbox.fill():
                self.close(*BEHIND)
            if time.monotonic() >= next_ping:
                self._transport.send(ws.ws.send(Ping()))
                next_ping += self._ping_seconds
            self._wake.wait(max(0.0, min(next_ping, self._silent_at()) - time.monotonic()))
            if time.monotonic() >= self._silent_at():
                raise TimeoutError("silent")

    def _take_in(self, ws: Server, receive: Callable[[str], None]) -> None:
        while ws.input_buffer and not self._closing:
            frame = ws.input_buffer.pop(0)
            if len(frame.encode() if isinstance(frame, str) else frame) > LARGEST_FRAME:
                self.close(*TOO_LARGE)
            elif isinstance(frame, str):
                receive(frame)

    def _write_out(self, ws: Server) -> None:
        while not self._closing and (frame := self.inbox.pop()):
            ws.send(frame.text)
            metrics.sent(frame.type, frame.source, frame.committed_at)
            cause = {"request_id": frame.request_id} if frame.request_id else {}
            log.info(
                "sent %s", frame.type, extra={"frame": frame.type, "source": frame.source} | cause
            )

    def _within_limits(self, read: Callable[[], Iterator[Event]]) -> Iterator[Event]:
        """What the library reads from the socket, until there are too many frames of whatever kind, pings as well."""
        for event in read():
            if getattr(event, "frame_finished", True) and not self._allowed():
                return self.close(*TOO_MANY)
            yield event

    def _allowed(self) -> bool:
        """A token bucket: BURST frames at once, FRAMES_A_SECOND in the long run."""
        now = time.monotonic()
        self._allowance = min(BURST, self._allowance + (now - self._counted) * FRAMES_A_SECOND)
        self._counted = now
        self._allowance -= 1
        return self._allowance >= 0

    def _silent_at(self) -> float:
        return self._transport.heard + self._silence_seconds
