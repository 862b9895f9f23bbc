"""A filter that keeps a key out of what the libraries below write to their logs."""

import logging

_PACKAGES = frozenset({"anthropic", "httpcore2", "httpx2", "openai"})


class KeyFilter(logging.Filter):
    """Replaces ``key`` in records, which hold the headers of a server that may repeat it.

    A filter sees what its logger is given and not what the loggers below that are: it is added to
    each of those that there are by now.
    """

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        names = [name for name in logging.root.manager.loggerDict if _is_below(name)]
        self._loggers = [logging.getLogger(name) for name in names]
        for logger in self._loggers:
            logger.addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        message = record.getMessage()
        if self._key in message:
            record.msg, record.args = message.replace(self._key, "[key]"), ()
        if record.exc_info and any(record.exc_info):
            # What is written there already is what handlers write.
            traceback = logging.Formatter().formatException(record.exc_info)
            record.exc_text = traceback.replace(self._key, "[key]")
        return True

    def remove(self) -> None:
        """Take it off all loggers."""
        for logger in self._loggers:
            logger.removeFilter(self)


def _is_below(name: str) -> bool:
    return name.partition(".")[0] in _PACKAGES
