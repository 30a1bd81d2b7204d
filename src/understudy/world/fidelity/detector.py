"""F9: whether a classifier can tell real rows from generated ones."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from understudy.model.errors import ConfigurationError
from understudy.world.fidelity.features import Cells, matrix

__all__ = ["Detection", "detect", "require_detector"]

Floats = npt.NDArray[np.float64]
_FOLDS = 3
_REPEATS = 3
_MOST = 4_000
_TREES = 60


@dataclass(frozen=True, slots=True)
class Detection:
    """The area under the ROC curve of each classifier, out of fold; 0.5 is guessing."""

    logistic: float
    boosting: float

    @property
    def worst(self) -> float:
        """What the better detector reaches."""
        return max(self.logistic, self.boosting)


def require_detector() -> None:
    """Raise `ConfigurationError` where scikit-learn is not installed."""
    try:
        import sklearn  # noqa: F401 # only whether it is there
    except ImportError as error:
        raise ConfigurationError(
            "the detector (F9) needs scikit-learn, which is not installed",
            code="U137",
            hint='pip install "understudy[quality]"',
        ) from error


def detect(
    real: Cells, other: Cells, columns: Sequence[str], seed: int = 0, repeats: int = _REPEATS
) -> Detection:
    """How well logistic regression and gradient boosting tell two tables apart.

    Three-fold cross-validation, `repeats` times; at most 4,000 rows of each side, equally many.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    sides = [_equal(side, real, other, generator) for side in (real, other)]
    first, second = matrix(sides, columns)
    rows = np.vstack([first, second])
    labels = np.concatenate([np.zeros(len(first)), np.ones(len(second))])
    # A feature of very few rows tells nothing, and costs as much time as any other.
    counts = (rows != np.median(rows, axis=0)).sum(0)
    varied = rows[:, counts >= max(2, len(rows) // 1000)]
    if not varied.shape[1] or min(len(first), len(second)) < 2 * _FOLDS:
        return Detection(0.5, 0.5)
    found = [_scores(varied, labels, seed + turn) for turn in range(repeats)]
    logistic, boosting = np.mean(found, 0).tolist()
    return Detection(logistic, boosting)


def _equal(side: Cells, real: Cells, other: Cells, generator: Any) -> Cells:
    sizes = [len(next(iter(one.values()))) for one in (real, other)]
    rows = generator.permutation(len(next(iter(side.values()))))[: min(*sizes, _MOST)]
    return {name: values.take(rows) for name, values in side.items()}


def _scores(rows: Floats, labels: Floats, seed: int) -> tuple[float, float]:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    models = (
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=500, C=0.5)),
        HistGradientBoostingClassifier(max_iter=_TREES, random_state=seed),
    )
    guesses = np.zeros((2, len(labels)))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    # Threads of OpenMP that wait for one another cost more than they bring on tables this small.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        for train, test in folds.split(rows, labels):
            for number, model in enumerate(models):
                model.fit(rows[train], labels[train])
                guesses[number, test] = model.predict_proba(rows[test])[:, 1]
    return (
        float(roc_auc_score(labels, guesses[0])),
        float(roc_auc_score(labels, guesses[1])),
    )
