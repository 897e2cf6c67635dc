"""Entry point for spark-submit: `spark-submit jobs/run.py run RECIPE --input ... --store ...`; no logic of its own."""

import sys

from spark_llmdata.cli import main

if __name__ == "__main__":
    sys.exit(main())
