"""The child process that serves one local model: llama.cpp's server out of ``xllamacpp``.

Run as a script, so that it imports nothing of this package. Reads one line of JSON from stdin:
``model_path``, ``api_key``, ``slots``, ``context_tokens`` (of one slot) and ``deterministic``;
writes ``{"address": …}`` to stdout when the model is loaded. The key comes this way because
other users of the machine can read command lines. Ends when stdin ends, that is with its parent,
however that ended.
"""

import json
import os
import sys
import threading
import time
from typing import Any

_PARENT_CHECK_SECONDS = 1.0
_CACHE_MIB = 256


def main() -> None:
    """Serve until the parent is gone."""
    parent = os.getppid()
    answer_to = os.fdopen(os.dup(1), "w")
    # llama.cpp logs to both streams; only the address belongs on stdout.
    os.dup2(2, 1)
    settings = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    server = _start(settings)
    print(json.dumps({"address": server.listening_address}), file=answer_to, flush=True)
    # Stdin stays open where a fork of the parent has inherited it.
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_SECONDS)
    os._exit(0)


def _end_with_stdin() -> None:
    sys.stdin.read()
    # The server's own threads would hold up a normal exit.
    os._exit(0)


def _start(settings: dict[str, Any]) -> Any:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = settings["model_path"]
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.api_keys = [settings["api_key"]]
    parameters.n_parallel = settings["slots"]
    parameters.n_ctx = settings["context_tokens"] * settings["slots"]
    # With one cache for all slots, answers depend on what is asked at the same time.
    parameters.kv_unified = False
    parameters.cache_prompt = not settings["deterministic"]
    # Prompts that are asked in turn would else be read from the start each time.
    parameters.cache_ram_mib = 0 if settings["deterministic"] else _CACHE_MIB
    parameters.offline = True
    parameters.ui = False
    parameters.cors_origins = ""
    parameters.endpoint_slots = False
    parameters.warmup = False
    parameters.fit_params = False
    # Errors only.
    parameters.verbosity = 1
    return xllamacpp.Server(parameters)


if __name__ == "__main__":
    main()
