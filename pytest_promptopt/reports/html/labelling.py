"""The page on which people label answers, without any: its script asks for one at a time."""

from pytest_promptopt.reports.html.frame import environment, policy, source


def render_labelling(*, location: str, kept_in: str, order: str, rater: str) -> str:
    """The page for the prompt at ``location``, whose labels are ``kept_in`` that file.

    ``order`` says which answers come first, ``rater`` is who probably labels. Its script sends to
    ``said`` beside it what :mod:`pytest_promptopt.cli.desk` takes.
    """
    style, script = source("page.css") + source("labelling.css"), source("labelling.js")
    return (
        environment()
        .get_template("labelling.html.jinja")
        .render(
            style=style,
            script=script,
            policy=policy(style, script, is_served=True),
            location=location,
            kept_in=kept_in,
            order=order,
            rater=rater,
        )
    )
