"""Runs a program on a terminal of its own and types what somebody would, once it asks and does not show it.

Arguments: a JSON list of what is typed, then the program and its arguments. Prints what became of it as JSON.
"""

import json
import os
import pty
import select
import sys
import termios
import time

DEADLINE = time.monotonic() + 240


def shows(terminal):
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)


def main():
    typed, command = json.loads(sys.argv[1]), sys.argv[2:]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(command[0], command)
    shown, seen, left, echo = b"", 0, list(typed), True
    while time.monotonic() < DEADLINE:
        ready, _, _ = select.select([terminal], [], [], 0.02)
        if ready:
            try:
                part = os.read(terminal, 4096)
            except OSError:  # EIO: nobody has the terminal open any more
                break
            if not part:
                break
            shown += part
        # It asks before it stops the echo, so both are waited for.
        if left and shown[seen:].endswith(b": ") and not shows(terminal):
            seen = len(shown)
            os.write(terminal, left.pop(0).encode())
    else:
        os.kill(child, 9)
    echo = shows(terminal)
    _, status = os.waitpid(child, 0)
    print(json.dumps({
        "code": os.waitstatus_to_exitcode(status), "shown": shown.decode(), "left": len(left), "echo": echo,
    }))


main()
