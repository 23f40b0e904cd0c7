"""The constants of the Cephes library (S. Moshier; logf.c, sinf.c and cosf.c) by which PyTorch makes normal numbers.

The results must be PyTorch's to the last bit, so these are its constants, and not the best ones. As float32 numbers
they give the logarithm to within ``2**-28``, the cosine ``2**-32`` and the sine ``2**-26`` of themselves, before the
roundings of the evaluation. Polynomials are given from the highest power down.
"""

# log(1 + x) = x - x**2 / 2 + x**3 * P(x) for 1 / sqrt(2) <= 1 + x < sqrt(2).
LOG = (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
    2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
# cos(x) = 1 - x**2 / 2 + x**4 * C(x**2) and sin(x) = x + x**3 * S(x**2) for |x| <= pi / 4.
COSINE = (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
SINE = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
# log(2) in two parts and pi / 4 in three, of which all but the last have few bits, so that multiples of them are exact.
LN2 = (0.693359375, -2.12194440e-4)
QUARTER_PI = (0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8)
