"""What a run will take, before it runs: measured on a sample, or scaled from former runs."""

from spark_llmdata.forecast.history import FormerRun, Reuse, Tables, find_reuse, gather_runs, read_runs
from spark_llmdata.forecast.model import Forecast, PassForecast
from spark_llmdata.forecast.prediction import predict_by_history, predict_by_sample

__all__ = [
    "Forecast",
    "FormerRun",
    "PassForecast",
    "Reuse",
    "Tables",
    "find_reuse",
    "gather_runs",
    "predict_by_history",
    "predict_by_sample",
    "read_runs",
]
