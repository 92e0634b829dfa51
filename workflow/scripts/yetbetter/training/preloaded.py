"""The preloaded Python, a process of its own: see `yetbetter.preload`, which starts it and talks to it."""

import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading

from yetbetter.training.finetuning import load_trainer


def serve(listener: socket.socket) -> None:
    """Fork for every program that connects, until standard input has ended and no fork is left. Forks return."""
    selector, path = selectors.DefaultSelector(), listener.getsockname()
    selector.register(listener, selectors.EVENT_READ)
    selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
    while selector.get_map():
        for key, _ in selector.select():
            if key.fileobj is listener:
                connection, _ = listener.accept()
                load()
                fork = os.fork()
                if not fork:
                    close_all(selector)
                    return receive(connection)
                selector.register(os.pidfd_open(fork), selectors.EVENT_READ, (fork, connection))
            elif key.data is None:  # the process that started this one has ended
                selector.unregister(sys.stdin.fileno())
                selector.unregister(listener)
                with contextlib.suppress(OSError):  # a cleaner of temporary files may have been here
                    os.unlink(path)
                    os.rmdir(os.path.dirname(path))
            else:
                selector.unregister(key.fileobj)
                os.close(key.fileobj)
                report(*key.data)
    os._exit(0)


@functools.cache
def load() -> None:
    """Load the packages, when the first program needs them."""
    load_trainer()
    importlib.import_module("yetbetter.generation.transformers_engine")
    importlib.import_module("transformers.models.llama.modeling_llama")
    gc.freeze()


def close_all(selector: selectors.BaseSelector) -> None:
    """Close what a fork has of the listener and of the other forks."""
    for key in list(selector.get_map().values()):
        if key.data:
            key.data[1].close()
            os.close(key.fileobj)
        elif isinstance(key.fileobj, socket.socket):
            key.fileobj.close()
    selector.close()


def report(fork: int, connection: socket.socket) -> None:
    """Tell the program that waits how its fork ended."""
    code = os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])
    with connection, contextlib.suppress(OSError):  # it may have ended before
        connection.sendall(f"{code}\n".encode())


def receive(connection: socket.socket) -> None:
    """In a fork: take the place of the program that connected."""
    _, files, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile() as stream:
        command = json.loads(stream.readline())
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.umask(command["umask"])
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.argv = command["argv"]
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    connection.sendall(f"{os.getpid()}\n".encode())
    threading.Thread(target=die_with, args=[connection], daemon=True).start()


def die_with(connection: socket.socket) -> None:
    """Kill this process once the program that waits for it has ended."""
    connection.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_path(sys.argv[0], run_name="__main__")
