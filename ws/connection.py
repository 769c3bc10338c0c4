"""One user's socket: an inbox, a single writer, and the limits on what comes in."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from simple_websocket import ConnectionClosed, Server
from wsproto.events import Event, Ping
from wsproto.utilities import LocalProtocolError

from app import metrics, storage_errors
from ws.inbox import Frame, Inbox
from ws.transport import LINGER_SECONDS, Transport

log = logging.getLogger(__name__)

LARGEST_FRAME = 4096  # bytes
FRAMES_A_SECOND, BURST = 20, 40


class Close(NamedTuple):
    """A close code and its reason."""

    code: int
    reason: str


TOO_LARGE = Close(1009, "too large")
RESTART = Close(1012, "restart")
TOO_MANY_FRAMES = Close(4008, "too many frames")
BEHIND = Close(4010, "reconnect with after")
SESSION_ENDED = Close(4401, "session ended")
TOO_MANY_CONNECTIONS = Close(4409, "too many connections")


class Connection:
    """A user's socket, registered before the upgrade so that its inbox misses no published event."""

    def __init__(
        self,
        user_id: int,
        session_id: int,
        ping_seconds: float,
        silence_seconds: float,
    ) -> None:
        self.user_id = user_id
        self.session_id = session_id
        self._ping_seconds = ping_seconds
        self._silence_seconds = silence_seconds
        self._wake = threading.Event()
        self.inbox = Inbox(user_id, self._wake)
        self._closing: Close | None = None
        self._allowance = float(BURST)
        self._counted = time.monotonic()

    def close(self, close: Close) -> None:
        """Send this close code soon and end. The first code counts."""
        self._closing = self._closing or close
        self._wake.set()

    def run(self, ws: Server, transport: Transport, receive: Callable[[str], Frame | None]) -> None:
        """Write, ping and pass received frames on, until either side closes.

        `receive` returns the answer to a frame, if it has one.
        """
        self._transport = transport
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
            storage_errors.report(error, log, "a connection failed")
            self._transport.abort()
        _linger(ws, self._transport)

    def _serve(self, ws: Server, receive: Callable[[str], Frame | None]) -> None:
        next_ping = time.monotonic() + self._ping_seconds
        while ws.connected and not self._closing:
            self._wake.clear()  # before looking, so that nothing that comes meanwhile is slept over
            self._take_in(ws, receive)
            self._write_out(ws)
            if self.inbox.is_behind and not self.inbox.fill():
                self.close(BEHIND)
            if time.monotonic() >= next_ping:
                self._transport.send(ws.ws.send(Ping()))
                self.inbox.push_heartbeat()
                next_ping += self._ping_seconds
            self._wake.wait(max(0.0, min(next_ping, self._silent_at()) - time.monotonic()))
            if time.monotonic() >= self._silent_at():
                raise TimeoutError("silent")

    def _take_in(self, ws: Server, receive: Callable[[str], Frame | None]) -> None:
        while ws.input_buffer and not self._closing:
            frame = ws.input_buffer.pop(0)
            if len(frame.encode() if isinstance(frame, str) else frame) > LARGEST_FRAME:
                self.close(TOO_LARGE)
            elif isinstance(frame, str) and (answer := receive(frame)):
                self.inbox.push(answer, None)

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
                return self.close(TOO_MANY_FRAMES)
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


def close_at_once(ws: Server, transport: Transport, close: Close) -> None:
    """Close an accepted socket that is not to be served."""
    with suppress(ConnectionClosed, LocalProtocolError, OSError):
        ws.close(*close)
    _linger(ws, transport)


def _linger(ws: Server, transport: Transport) -> None:
    """Let the library's reader wait for the client's close frame, then end the connection."""
    ws.connected = False
    ws.thread.join(LINGER_SECONDS)
    transport.abort()
