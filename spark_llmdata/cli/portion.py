"""What part of its input a command looks at: the arguments, and what is said of it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from spark_llmdata.errors import UsageError

if TYPE_CHECKING:
    from spark_llmdata.portion import Portion, Sampling


def add_portion(command: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    command.add_argument(
        "--sample",
        metavar="SHARE",
        type=float,
        help="look at this share of the documents, such as 0.01: chosen by hash, the same ones in whatever files",
    )
    command.add_argument(
        "--sample-seed", metavar="N", type=int, help="another number, another sample (default 0); with --sample"
    )
    command.add_argument(
        "--limit",
        metavar="N",
        type=int,
        help="read only the first N records, by source and file; the run is marked as not reproducible",
    )


def read_portion(options: argparse.Namespace) -> Sampling | None:
    """The sample that is asked for; refuses one, or a limit, that leaves nothing, before anything is read."""
    from spark_llmdata.portion import Sampling
    from spark_llmdata.sources.limit import check_limit

    check_limit(options.limit)
    if options.sample is None and options.sample_seed is not None:
        raise UsageError("--sample-seed belongs to --sample; add it")
    return None if options.sample is None else Sampling(options.sample, options.sample_seed or 0)


def tell_part(portion: Portion) -> list[str]:
    """What is to be remarked on a run that did not look at everything."""
    from spark_llmdata.portion import is_cut, tell_portion

    remarks = [f"of the input only {tell_portion(portion)}\n"] if portion else []
    if is_cut(portion):
        remarks.append("not reproducible: which records are the first ones depends on how files are called\n")
    return remarks
