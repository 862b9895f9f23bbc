"""Refusals that hold for every further call, and whose they are."""

from pytest_promptopt.errors import RefusedError
from pytest_promptopt.providers.request import Model


class Stops:
    """Remembers refusals that concern more than one request, so that each is met once.

    401, 402, 403 and a quota that is used up (429) stop the endpoint, and so does nobody being
    there; 404 and 400 stop the model. A model that has answered is known to be there and allowed:
    its later 400 and 403 concern their own request (too long, or refused for what it says) and
    stop nothing; nor does a refusal that says so itself.
    """

    def __init__(self) -> None:
        self._endpoints: dict[tuple[str, str], RefusedError] = {}
        self._models: dict[Model, RefusedError] = {}
        self._answered: set[Model] = set()

    def check(self, model: Model) -> None:
        """Raise the refusal that was met, if there was one."""
        error = self._endpoints.get(model.endpoint) or self._models.get(model)
        if error is not None:
            raise error.with_traceback(None)

    def answered(self, model: Model) -> None:
        """Note an answer; it lifts a stop by a 400, which then was about one request."""
        if model in self._answered:
            return
        self._answered.add(model)
        stop = self._models.get(model)
        if stop is not None and stop.status == 400:
            del self._models[model]

    def has_answered(self, model: Model) -> bool:
        """Whether somebody is known to be where the model is asked."""
        return any(answered.endpoint == model.endpoint for answered in self._answered)

    def unreachable(self, model: Model, message: str) -> RefusedError:
        """Note that nobody is there; the error that says so."""
        return self._endpoints.setdefault(model.endpoint, RefusedError(message))

    def refused(self, model: Model, error: RefusedError) -> None:
        """Note a refusal."""
        if error.is_about_input or (error.status in (400, 403) and model in self._answered):
            return
        if error.status in (401, 402, 403, 429):
            self._endpoints.setdefault(model.endpoint, error)
        elif error.status in (400, 404):
            self._models.setdefault(model, error)
