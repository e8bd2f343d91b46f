"""MLflow's scoring server with its defaults, in an environment of its own: FOLDER PORT.

The model is the pipeline in FOLDER/pipeline.joblib, logged as any scikit-learn pipeline, with its probabilities.
"""

import os
import shutil
import sys
from pathlib import Path

import joblib
import mlflow.sklearn

if __name__ == "__main__":
    folder, port = Path(sys.argv[1]), sys.argv[2]
    saved = folder / "mlflow"
    shutil.rmtree(saved, ignore_errors=True)
    mlflow.sklearn.save_model(
        joblib.load(folder / "pipeline.joblib"),
        saved,
        pyfunc_predict_fn="predict_proba",
        serialization_format="cloudpickle",
        pip_requirements=[],
    )
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(saved), "--port", port]
    os.execv(sys.executable, [*command, "--env-manager", "local"])
