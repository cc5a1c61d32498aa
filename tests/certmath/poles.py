"""A grid point that is extremely close to a pole of the tangent."""

from qfs.certmath.checker.bounds import pi_bounds

SCALE = 10**18


def deep_pole() -> int:
    """Return a whole number of units closest to an odd multiple of pi/2, by continued fractions."""
    top, bottom = pi_bounds(2001)[0] * SCALE >> 2, 1 << 2000  # pi/2 in units
    numerators, denominators = (0, 1), (1, 0)
    while True:
        quotient, rest = divmod(top, bottom)
        numerators = numerators[1], numerators[0] + quotient * numerators[1]
        denominators = denominators[1], denominators[0] + quotient * denominators[1]
        if denominators[1] % 2 and numerators[1].bit_length() > 225:
            return numerators[1]
        top, bottom = bottom, rest
