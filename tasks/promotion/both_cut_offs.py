"""The cut-offs of a challenger and of the champion that it is compared with."""

from __future__ import annotations

from tasks.job.job import Job
from tasks.models.candidates import Training
from tasks.models.cut_off import EVEN, CutOff, find_cut_off, place_cut_off
from tasks.registry.versions import Champion

CHALLENGER, CHAMPION = "challenger", "champion"
BOTH_EVEN = {CHALLENGER: EVEN, CHAMPION: EVEN}


def find_cut_offs(job: Job, champion: Champion, training: Training) -> dict[str, CutOff]:
    """The cut-offs of both models. Raises CutOffError.

    Where an approval rate is wanted, each has a threshold of its own; so it has where the contract's cut-off is in the
    champion's points: the challenger then gives the share of its reference that the champion gives of its own.
    """
    incumbent = find_cut_off(job.contract, job.policy.cut_off, champion.bundle)
    held = training.chosen.out_of_fold
    return {
        CHALLENGER: place_cut_off(job.contract, job.policy.cut_off, held, share=incumbent.given),
        CHAMPION: incumbent,
    }
