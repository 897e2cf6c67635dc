"""The sums of a forecast, by measurements made by hand."""

from __future__ import annotations

import pytest

from spark_llmdata.forecast import rates
from spark_llmdata.forecast.arithmetic import Machine, Material, add_up
from spark_llmdata.forecast.history import Reuse
from spark_llmdata.forecast.trial import Trial
from spark_llmdata.plan import make_plan
from spark_llmdata.recipe import load_recipe
from spark_llmdata.segment import BATCH_BYTES
from spark_llmdata.stages.dedup.minhash import DedupMinhash

EXTRACTION = Trial(100, 90, {"extract.html": 10}, 0.01, 2_000, 4_000, 50 << 20)
QUALITY = Trial(90, 45, {"filter.gopher_quality": 45}, 0.001, 3_000, 4_000, None)
MATERIAL = Material(100_000, 1_000_000_000, 0.0001, (0.25,) * 4)


def forecast(material=MATERIAL, cores=4, speed=1.0, reuse=()):
    plan = make_plan(load_recipe("quickstart"))
    return add_up(plan, material, [EXTRACTION, QUALITY], Machine(cores, speed), reuse)


def test_rows_and_bytes_go_from_pass_to_pass():
    passes = forecast()
    assert [p.step for p in passes] == ["start", "read", "judge", "compare", "fates", "corpus"]
    assert [p.rows for p in passes] == [0, 100_000, 90_000, 45_000, 100_000, 45_000]
    assert [p.rows_out for p in passes] == [0, 90_000, 45_000, 45_000, 100_000, 45_000]
    assert [p.bytes for p in passes] == [0, 1_000_000_000, 180_000_000, 135_000_000, 0, 135_000_000]
    assert [p.stages for p in passes[1:4]] == [("extract.html",), ("filter.gopher_quality",), ("dedup.exact",)]
    assert passes[1].shuffle_bytes == 100_000 * rates.COPIES_SHUFFLE
    assert passes[3].shuffle_bytes == 45_000 * 116


def test_seconds_are_fixed_ones_and_the_work_shared_by_cores():
    read = forecast()[1]
    python_s, jvm_s = 100_000 * (0.01 + 0.0001), 100_000 * 4_000 * (rates.HOP_S + rates.WRITE_S)
    fixed = rates.FIXED_CPU_S["read"]
    assert read.cpu_seconds == pytest.approx(fixed + python_s + jvm_s)
    assert read.seconds == pytest.approx(fixed / rates.FIXED_CORES + (python_s + jvm_s) / 4)
    alone = forecast(cores=1)[1]
    assert alone.seconds == pytest.approx(alone.cpu_seconds)


def test_a_single_task_takes_what_its_slower_process_takes_however_many_cores_there_are():
    material = Material(100_000, 1_000_000_000, 0.0001, (1.0,))
    for cores in (2, 64):
        read = forecast(material, cores)[1]
        assert read.seconds == pytest.approx(rates.FIXED_CPU_S["read"] / rates.FIXED_CORES + 100_000 * 0.0101)


def test_a_faster_machine_has_a_faster_jvm_and_the_sample_knows_the_rest():
    slow, fast = forecast(speed=1.0)[2], forecast(speed=2.0)[2]
    python_s = 90_000 * 0.001
    assert fast.cpu_seconds - python_s == pytest.approx((slow.cpu_seconds - python_s) / 2)


def test_memory_is_a_worker_its_batches_and_what_the_sample_made_it_grow_by():
    passes = forecast(Material(100_000, 1_000_000_000, 0.0001, (0.25,) * 4, 1_000))
    assert passes[1].memory_bytes == rates.WORKER_BYTES + (50 << 20) + rates.COPIES * 2_000 * 1_000
    assert passes[2].memory_bytes == rates.WORKER_BYTES + rates.BATCHES_BYTES + rates.COPIES * 2_000 * 4_000
    huge = forecast(Material(100_000, 1_000_000_000, 0.0001, (0.25,) * 4, 1e6))[1].memory_bytes
    assert huge == rates.WORKER_BYTES + (50 << 20) + rates.COPIES * BATCH_BYTES  # what is larger is cut
    assert passes[3].memory_bytes is None  # dedup.exact needs no Python


def test_what_is_there_is_not_computed_again():
    half = forecast(reuse=[Reuse(0.5, "r"), Reuse(), Reuse()])[1]
    whole = forecast(reuse=[Reuse(1.0, "r")] * 3)
    fixed = rates.FIXED_CPU_S["read"]
    assert half.cpu_seconds - fixed == pytest.approx((forecast()[1].cpu_seconds - fixed) / 2)
    assert [p.cpu_seconds for p in whole[1:4]] == [rates.REUSED_CPU_S[s] for s in ("read", "judge", "compare")]
    assert whole[1].memory_bytes is None
    assert [p.reused for p in whole[1:]] == [1.0, 1.0, 1.0, 0.0, 1.0]


def test_a_comparison_keeps_what_it_kept_in_a_former_run():
    passes = forecast(reuse=[Reuse(), Reuse(), Reuse(0.0, None, 0.8)])
    assert passes[3].rows_out == 36_000
    assert passes[5].rows == 36_000
    assert passes[5].bytes == pytest.approx(135_000_000 * 0.8)


def test_near_duplicates_shuffle_bands_and_sketches():
    found = rates.rates_of(DedupMinhash(bands=28, rows=4))
    assert found.shuffle_bytes == 28 * 16 + 75
    assert rates.rates_of(DedupMinhash(preset="fineweb")).shuffle_bytes == 14 * 16 + 75
    assert found.worker_bytes > 0


def test_an_empty_input_costs_what_is_fixed():
    nothing = Trial(0, 0, {}, 0.0, 0.0, 0.0, None)
    plan = make_plan(load_recipe("quickstart"))
    passes = add_up(plan, Material(0, 0, 0.0, ()), [nothing, nothing], Machine(2))
    assert all(p.rows == 0 for p in passes)
    assert passes[1].cpu_seconds == rates.FIXED_CPU_S["read"]
