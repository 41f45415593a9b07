// hls_math for C simulation: float and double by the C library. Vitis' own functions may differ in the last bits.
#pragma once

#include <math.h>
#include <stdlib.h>

namespace hls {

#define AIGCHIP_MATH_ONE(name)                                 \
    inline float name(float x) { return ::name##f(x); }        \
    inline double name(double x) { return ::name(x); }
#define AIGCHIP_MATH_TWO(name)                                                \
    inline float name(float x, float y) { return ::name##f(x, y); }           \
    inline double name(double x, double y) { return ::name(x, y); }

AIGCHIP_MATH_ONE(sqrt)
AIGCHIP_MATH_ONE(cbrt)
AIGCHIP_MATH_ONE(exp)
AIGCHIP_MATH_ONE(exp2)
AIGCHIP_MATH_ONE(expm1)
AIGCHIP_MATH_ONE(log)
AIGCHIP_MATH_ONE(log2)
AIGCHIP_MATH_ONE(log10)
AIGCHIP_MATH_ONE(log1p)
AIGCHIP_MATH_ONE(sin)
AIGCHIP_MATH_ONE(cos)
AIGCHIP_MATH_ONE(tan)
AIGCHIP_MATH_ONE(asin)
AIGCHIP_MATH_ONE(acos)
AIGCHIP_MATH_ONE(atan)
AIGCHIP_MATH_ONE(sinh)
AIGCHIP_MATH_ONE(cosh)
AIGCHIP_MATH_ONE(tanh)
AIGCHIP_MATH_ONE(floor)
AIGCHIP_MATH_ONE(ceil)
AIGCHIP_MATH_ONE(round)
AIGCHIP_MATH_ONE(trunc)
AIGCHIP_MATH_ONE(rint)
AIGCHIP_MATH_ONE(fabs)
AIGCHIP_MATH_TWO(pow)
AIGCHIP_MATH_TWO(fmod)
AIGCHIP_MATH_TWO(atan2)
AIGCHIP_MATH_TWO(hypot)
AIGCHIP_MATH_TWO(fmax)
AIGCHIP_MATH_TWO(fmin)
AIGCHIP_MATH_TWO(copysign)

#undef AIGCHIP_MATH_ONE
#undef AIGCHIP_MATH_TWO

inline float rsqrt(float x) { return 1.0f / ::sqrtf(x); }
inline double rsqrt(double x) { return 1.0 / ::sqrt(x); }
inline float recip(float x) { return 1.0f / x; }
inline double recip(double x) { return 1.0 / x; }

template <class T>
T abs(T x) {
    return x < T(0) ? T(-x) : x;
}
template <class T>
T max(T x, T y) {
    return x < y ? y : x;
}
template <class T>
T min(T x, T y) {
    return y < x ? y : x;
}

}  // namespace hls
