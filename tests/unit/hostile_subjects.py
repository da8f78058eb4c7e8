"""A file of functions that hang, crash, exit or devour memory, and how they are certified."""

from subjects import RIGHT_SOURCE

import gradcert
from gradcert import Certificate, Limits

HOSTILE = f"""
import ctypes, os, sys, time
{RIGHT_SOURCE}
def hangs(logits, targets):
    if not len(logits):
        time.sleep(1000)
    return right(logits, targets)

def crashes(logits, targets):
    if not len(logits):
        ctypes.string_at(0)
    return right(logits, targets)

def exits(logits, targets):
    if not len(logits):
        print("out of registers", file=sys.stderr, flush=True)
        os._exit(3)
    return right(logits, targets)

def devours(logits, targets):
    if not len(logits):
        np.ones(1 << 31)
    return right(logits, targets)

def interrupts(logits, targets):
    if not len(logits):
        raise KeyboardInterrupt
    return right(logits, targets)

def prints(logits, targets):
    print("debug")
    return right(logits, targets)

def waits(logits, targets):
    raise ValueError(os.environ["OMP_WAIT_POLICY"])

def flipped_and_crashing(logits, targets):
    if not len(logits):
        ctypes.string_at(0)
    return -right(logits, targets)

def crashes_at_eight(logits, targets):
    if logits.shape[1] == 8:
        ctypes.string_at(0)
    return right(logits, targets)

def hangs_at_large_numbers(logits, targets):
    if logits.size and logits.max() > 30:
        time.sleep(1000)
    return right(logits, targets)

def says_where(logits, targets):
    with open(os.environ["SEEN"], "a") as seen:
        print(os.getpid(), file=seen)
    return right(logits, targets)

from gradcert import Domain, Implementation, Loss
declared = Implementation(
    name="declared",
    functions={{"dE/dz": right}},
    formats=("binary32",),
    at_least="log-sum-exp",
    compiles_per_shape=True,
    strides="none",
)
ignoring = Implementation(
    name="ignoring",
    functions={{"dE/dz": right}},
    formats=("binary32",),
    loss=Loss(ignore_index=-100),
    domain=Domain(targets="index", ignored_rows_may_hold_anything=True),
)

def loaded(logits, targets):
    return right(logits, targets)

def backward(logits, v):
    o = np.exp(logits - logits.max(axis=1, keepdims=True))
    o /= o.sum(axis=1, keepdims=True)
    return o * (v - (o * v).sum(axis=1, keepdims=True))

def product(logits, targets, v):
    return targets.sum(axis=1, keepdims=True) * backward(logits, v)

def crashing_product(logits, targets, v):
    if not len(logits):
        ctypes.string_at(0)
    return product(logits, targets, v)
"""

LIMITS = Limits(seconds=1, gigabytes=1)


def certified(name: str, limits: Limits = LIMITS) -> Certificate:
    return gradcert.certify(
        f"hostile.py:{name}", formats=["binary64"], max_examples=5, limits=limits, effort="quick"
    )
