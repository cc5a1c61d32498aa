"""Gappa scripts for the error budgets of the Horner kernels, from the kernels' own constants.

- exp: with s below 2**-24 off by at most ``REDUCED_ULPS``, the polynomial errs by at most
  ``HORNER_ULPS``; with table entries off by 2 ulps, the three products by at most ``POWER_ULPS``.
- ln: with z² off by at most 2 ulps, the polynomial in z² errs by at most 2 ulps.
- ``dn`` is Gappa's rounding of a fixed-point number downwards: what ``>>`` does.
- Source: Daumas, Melquiond, "Certification of bounds on expressions involving rounded operators",
  ACM TOMS 37(1), 2010.
"""

import shutil
import subprocess
from math import factorial
from typing import Any

from qfs.certmath.exponential import (
    HORNER_ULPS,
    POWER_ULPS,
    REDUCED_ULPS,
    TABLE_STEP,
    taylor_coefficients,
)
from qfs.certmath.logarithm import SQUARE_ULPS, TAIL_ULPS, atanh_coefficients

LEVELS = (160, 256, 384)


def horner(p: int, exact: list[str], bound: int, step: int, off: int) -> str:
    """Return a script: a Horner scheme over floored coefficients against its real counterpart.

    exact holds the real coefficients from the constant term up. s stands for the computed argument,
    T for the true one; both lie in [0, 2**-step] and differ by at most off ulps.
    """
    last = len(exact) - 1
    out = [f"@fx = fixed<-{p},dn>;", "s = fx(s_);"]
    out += [f"C{i} = fx({value});" for i, value in enumerate(exact)]
    out += [f"v{last} = C{last};", f"W{last} = {exact[last]};"]
    for i in range(last - 1, -1, -1):
        out += [f"p{i} fx= v{i + 1} * s;", f"v{i} = C{i} + p{i};"]
        out += [f"W{i} = {exact[i]} + W{i + 1} * T;"]
    out.append(
        f"{{ s in [0,1b-{step}] /\\ T in [0,1b-{step}] /\\ s - T in [-{off}b-{p},{off}b-{p}]"
        f" -> v0 - W0 in [-{bound}b-{p},{bound}b-{p}] }}"
    )
    for i in range(last):
        rest = f"(C{i} - {exact[i]})"
        product = f"(p{i} - v{i + 1} * s)"
        inner = f"(v{i + 1} - W{i + 1}) * s + W{i + 1} * (s - T)"
        out.append(f"v{i} - W{i} -> {product} + {inner} + {rest};")
    return "\n".join(out) + "\n"


def products(p: int) -> str:
    """Return a script: the polynomial's value times three table entries, each off by 2 ulps."""
    return f"""@fx = fixed<-{p},dn>;
v = fx(v_); A = fx(A_); B = fx(B_); C = fx(C_);
x fx= v * A;
y fx= x * B;
z fx= y * C;
Mx = Mv * MA;
My = Mx * MB;
Mz = My * MC;
{{ Mv in [1,1.0000001] /\\ v in [0.9999999,1.0000002]
/\\ v - Mv in [-{HORNER_ULPS}b-{p},{HORNER_ULPS}b-{p}]
/\\ MA in [1,1.9946] /\\ A - MA in [-2b-{p},2b-{p}]
/\\ MB in [1,1.0028] /\\ B - MB in [-2b-{p},2b-{p}]
/\\ MC in [1,1.000011] /\\ C - MC in [-2b-{p},2b-{p}]
-> z - Mz in [-{POWER_ULPS}b-{p},{POWER_ULPS}b-{p}] }}
x - Mx -> (x - v * A) + (v - Mv) * MA + v * (A - MA);
y - My -> (y - x * B) + (x - Mx) * MB + (Mx + (x - Mx)) * (B - MB);
z - Mz -> (z - y * C) + (y - My) * MC + (My + (y - My)) * (C - MC);
"""


def scripts() -> dict[str, str]:
    """Return each script under its name."""
    out: dict[str, str] = {}
    for p in LEVELS:
        degree = len(taylor_coefficients(p))
        exact = ["1" if i < 2 else f"1/{factorial(i)}" for i in range(degree)]
        out[f"exp-horner-{p}"] = horner(p, exact, HORNER_ULPS, TABLE_STEP, REDUCED_ULPS)
        out[f"exp-products-{p}"] = products(p)
        terms = len(atanh_coefficients(p))
        odd = ["1" if k == 0 else f"1/{2 * k + 1}" for k in range(terms)]
        out[f"ln-horner-{p}"] = horner(p, odd, TAIL_ULPS, 2 * TABLE_STEP, SQUARE_ULPS)
    return out


def prove() -> dict[str, Any]:
    """Run gappa on every script; say which were proved, or that nothing was run."""
    program = shutil.which("gappa")
    if program is None:
        print("gappa: NOT RUN (not installed; Debian: apt-get install gappa)")
        return {"run": False, "verdict": "NOT RUN", "proved": [], "failed": []}
    proved: list[str] = []
    failed: list[str] = []
    for name, script in scripts().items():
        done = subprocess.run([program], input=script, capture_output=True, text=True, timeout=300)  # noqa: PLW1510 (gappa's exit code is the verdict)
        (proved if done.returncode == 0 else failed).append(name)
        if done.returncode:
            print(f"gappa {name}: {done.stderr.strip()[:400]}")
    return {
        "run": True,
        "verdict": "FAILED" if failed else "proved",
        "proved": proved,
        "failed": failed,
    }
