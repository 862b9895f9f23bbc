"""Proposals offered to people, each as high on the ladder as it can go.

A suggestion in a review where its lines are in the pull request's diff, else a pull request of
its own onto the branch, else the patch in the comment. What may not be taken with one click is
never above the last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pytest_promptopt.evaluation.search_record import Offer, Rung, SearchRecord
from pytest_promptopt.forge.forge import Forge
from pytest_promptopt.proposals.finding import Finding
from pytest_promptopt.publishing.climb import Checkout, Climb
from pytest_promptopt.publishing.review import suggest
from pytest_promptopt.publishing.stack import Stack
from pytest_promptopt.publishing.target import Target
from pytest_promptopt.text.secrets import Secrets


def offer_all(
    findings: Sequence[Finding],
    wish: Rung,
    *,
    target: Target,
    forge: Forge,
    checkout: Checkout,
    secrets: Secrets,
) -> list[SearchRecord]:
    """The searches in their order, with where each proposal is to be taken.

    What the forge or git refuses is no error: the next rung is tried, and the remark of the offer
    says why. ``secrets`` finds what no text may show.
    """
    climbs = [
        Climb(key=finding.search.key, proposal=finding.proposal, flags=finding.search.flags)
        for finding in findings
        if finding.proposal is not None
    ]
    if wish in (Rung.SUGGEST, Rung.PR):
        for climb in climbs:
            climb.place(target, checkout)
    if wish is Rung.SUGGEST and target.pull_request is not None:
        suggest([climb for climb in climbs if climb.is_waiting], target.pull_request, forge)
    if wish in (Rung.SUGGEST, Rung.PR):
        stack = Stack(target=target, forge=forge, checkout=checkout)
        for climb in climbs:
            if climb.is_waiting:
                stack.offer(climb)
    lowest = Rung.PATCH if target.pull_request is None else Rung.COMMENT
    offers = {climb.key: climb.offer or Offer(rung=lowest, remark=climb.remark) for climb in climbs}
    return [_offered(finding.search, offers, secrets) for finding in findings]


def _offered(search: SearchRecord, offers: Mapping[str, Offer], secrets: Secrets) -> SearchRecord:
    kind = secrets.find(search.patch)
    if search.key not in offers or kind is None:
        return replace(search, offer=offers.get(search.key))
    remark = f"the diff is not shown here: it seems to hold {kind}"
    return replace(search, patch="", offer=Offer(rung=Rung.COMMENT, remark=remark))
