"""What a call changes in PyTorch or JAX is seen, and set back when the check is over."""

import pickle

import numpy as np
import pytest
from subjects import BY_ID, Gradient, case_of, checked, claim_of, right

from gradcert.core.evidence import Refuted
from gradcert_implementations import Array

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")


def widening_torch(z: Array, t: Array) -> Array:
    torch.set_default_dtype(torch.float64)
    return right(z, t)


def flushing_to_zero(z: Array, t: Array) -> Array:
    torch.set_flush_denormal(True)
    return right(z, t)


def widening_jax(z: Array, t: Array) -> Array:
    jax.config.update("jax_enable_x64", True)
    return right(z, t)


BY_FRAMEWORK = pytest.mark.parametrize("gradient", [widening_torch, flushing_to_zero, widening_jax])


@BY_FRAMEWORK
def test_a_changed_setting_of_a_framework_is_refuted(gradient: Gradient) -> None:
    found = checked("no-side-effects", gradient)
    assert found.verdict == "refuted"
    assert found.discrepancy is not None


@BY_FRAMEWORK
def test_a_setting_that_a_call_changed_is_set_back_when_the_check_is_over(
    gradient: Gradient,
) -> None:
    torch.set_default_dtype(torch.float32)
    jax.config.update("jax_enable_x64", False)

    def settings() -> bytes:
        subnormal = (np.array([2.0**-1022]) / 2).all()
        return pickle.dumps((torch.get_default_dtype(), jax.config.jax_enable_x64, subnormal))

    before = settings()
    with pytest.raises(Refuted, match="changed"):
        BY_ID["no-side-effects"].run(claim_of(gradient), case_of([[0, 0]], [[1, 0]]))
    assert settings() == before


def test_a_subject_that_flushes_to_zero_leaves_the_next_search_its_subnormal_numbers() -> None:
    assert checked("accuracy", flushing_to_zero).verdict == "conforms"
    assert (np.array([2.0**-1022]) / 2).all()
