"""A WebSocket client made of a library that is not ours."""

import json
import struct
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import websocket

DEADLINE_SECONDS = 30.0


class Socket:
    def __init__(self, url: str, timeout: float = 10, **options: Any) -> None:
        options.setdefault("suppress_origin", "origin" not in options)  # as a program, not a page
        self._ws = websocket.create_connection(url, timeout=timeout, **options)

    def send(self, frame: Any) -> None:
        self._ws.send(frame if isinstance(frame, str) else json.dumps(frame))

    def send_frame(self, opcode: int, data: bytes) -> None:
        self._ws.send(data, opcode)

    def send_fragment(self, opcode: int, data: bytes) -> None:
        """Send a frame that says that another one follows."""
        frame = websocket.ABNF(fin=0, opcode=opcode, mask_value=1, data=data)
        self._ws.send_frame(frame)

    def receive(self) -> Any:
        """The next frame of JSON, whatever pings come before it."""
        deadline = time.monotonic() + self._ws.gettimeout()
        while time.monotonic() < deadline:
            opcode, data = self._ws.recv_data(control_frame=True)
            assert opcode != websocket.ABNF.OPCODE_CLOSE, data
            if opcode == websocket.ABNF.OPCODE_TEXT:
                return json.loads(data)
        raise TimeoutError("nothing came")

    def fileno(self) -> int:
        return self._ws.sock.fileno()

    def set_patience(self, seconds: float) -> None:
        self._ws.settimeout(seconds)

    def closed(self) -> tuple[int, str]:
        """The code and the reason with which the server ends it, whatever came before."""
        for frame in self._frames():
            if frame.opcode == websocket.ABNF.OPCODE_PING:
                self._ws.pong(frame.data)
            if frame.opcode == websocket.ABNF.OPCODE_CLOSE:
                return struct.unpack("!H", frame.data[:2])[0], frame.data[2:].decode()

    def ended_or_received(self) -> str:
        """The code of the close, or the type of the first frame, whichever comes first."""
        opcode, data = self._ws.recv_data()
        return (
            str(struct.unpack("!H", data[:2])[0])
            if opcode == websocket.ABNF.OPCODE_CLOSE
            else json.loads(data)["type"]
        )

    def read_to_the_end(self) -> None:
        """Return when the server has ended it, in whatever way. Raises TimeoutError."""
        with suppress(websocket.WebSocketConnectionClosedException, ConnectionError):
            for frame in self._frames():
                if frame.opcode == websocket.ABNF.OPCODE_CLOSE:
                    return

    def _frames(self) -> Iterator[websocket.ABNF]:
        """Yield frames until DEADLINE_SECONDS, so that a test fails rather than hangs on pings."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            yield self._ws.recv_frame()
        raise TimeoutError("the server did not close")

    def next_opcode(self) -> int:
        return self._ws.recv_frame().opcode

    def is_open(self) -> bool:
        """Whether the server answers a ping."""
        self._ws.ping()
        return self._ws.recv_frame().opcode == websocket.ABNF.OPCODE_PONG

    def close(self) -> None:
        with suppress(Exception):
            self._ws.send_close()
        self._ws.shutdown()
