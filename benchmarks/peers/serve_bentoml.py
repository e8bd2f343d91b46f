"""BentoML with its defaults, in an environment of its own: FOLDER PORT.

The service is what its documentation shows: a model that is loaded once, and a method of a data frame.
"""

import os
import sys
from pathlib import Path

SERVICE = """
import bentoml, joblib, numpy, pandas

@bentoml.service
class Scoring:
    def __init__(self) -> None:
        self.model = joblib.load("pipeline.joblib")

    @bentoml.api
    def predict(self, applications: pandas.DataFrame) -> numpy.ndarray:
        return self.model.predict_proba(applications)[:, 1]
"""

if __name__ == "__main__":
    folder, port = Path(sys.argv[1]), sys.argv[2]
    (folder / "service.py").write_text(SERVICE)
    os.execv(
        sys.executable,
        [sys.executable, "-m", "bentoml", "serve", "service:Scoring", "--port", port, "--working-dir", str(folder)],
    )
