"""The host's side: it keeps the guest's handlers and calls them."""

from __future__ import annotations

from simfw import Focus, GuestFunction, outcall


class Server:
    """Passes requests to a guest program; a plugin object, so that each machine has its own."""

    def __init__(self) -> None:
        self.handlers: dict[str, GuestFunction] = {}
        self.is_waiting = False
        self._answer = ""

    @outcall
    def on_get(self, focus: Focus, handler: GuestFunction) -> None:
        """Keep the handler of GET requests."""
        self.handlers["GET"] = handler

    @outcall
    def on_post(self, focus: Focus, handler: GuestFunction) -> None:
        """Keep the handler of POST requests."""
        self.handlers["POST"] = handler

    @outcall
    def wait(self, focus: Focus) -> None:
        """Pause the machine behind this call: `run` returns, and a later `run` goes on."""
        self.is_waiting = True
        focus.stop()

    @outcall
    def reply(self, focus: Focus, text: str) -> None:
        """Keep the answer to the present request."""
        self._answer = text

    def get(self, path: str) -> str:
        """A GET request; gives the body of the answer."""
        self.handlers["GET"](path)
        return self._answer

    def post(self, path: str, body: bytes) -> int:
        """A POST request; gives the status. Bytes pass by pointer, so the length goes along."""
        return self.handlers["POST"](path, body, len(body))
