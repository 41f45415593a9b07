// hls::vector for C simulation: N values side by side, without padding, with element-wise arithmetic in T.
#pragma once

#include <stddef.h>

#include <initializer_list>
#include <type_traits>

namespace hls {

template <class T, size_t N>
struct vector {
    static_assert(N > 0, "a vector has at least one element");
    using value_type = T;
    T data_[N];

    vector() = default;
    vector(const T& value) {
        for (size_t i = 0; i < N; ++i) {
            data_[i] = value;
        }
    }
    vector(std::initializer_list<T> values) {
        size_t i = 0;
        for (const T& value : values) {
            if (i < N) {
                data_[i++] = value;
            }
        }
        for (; i < N; ++i) {
            data_[i] = T(0);
        }
    }

    static constexpr size_t size() { return N; }
    T& operator[](size_t i) { return data_[i]; }
    const T& operator[](size_t i) const { return data_[i]; }
    T* begin() { return data_; }
    T* end() { return data_ + N; }
    const T* begin() const { return data_; }
    const T* end() const { return data_ + N; }

#define AIGCHIP_VECTOR_OPERATOR(op, assign)                                             \
    vector& operator assign(const vector& other) {                                      \
        for (size_t i = 0; i < N; ++i) {                                                \
            data_[i] = static_cast<T>(data_[i] op other.data_[i]);                      \
        }                                                                               \
        return *this;                                                                   \
    }                                                                                   \
    friend vector operator op(vector left, const vector& right) { return left assign right; }

    AIGCHIP_VECTOR_OPERATOR(+, +=)
    AIGCHIP_VECTOR_OPERATOR(-, -=)
    AIGCHIP_VECTOR_OPERATOR(*, *=)
    AIGCHIP_VECTOR_OPERATOR(/, /=)
    AIGCHIP_VECTOR_OPERATOR(%, %=)
    AIGCHIP_VECTOR_OPERATOR(&, &=)
    AIGCHIP_VECTOR_OPERATOR(|, |=)
    AIGCHIP_VECTOR_OPERATOR(^, ^=)
    AIGCHIP_VECTOR_OPERATOR(<<, <<=)
    AIGCHIP_VECTOR_OPERATOR(>>, >>=)
#undef AIGCHIP_VECTOR_OPERATOR

    friend bool operator==(const vector& left, const vector& right) {
        for (size_t i = 0; i < N; ++i) {
            if (!(left.data_[i] == right.data_[i])) {
                return false;
            }
        }
        return true;
    }
    friend bool operator!=(const vector& left, const vector& right) { return !(left == right); }

    T reduce_add() const {
        T sum = data_[0];
        for (size_t i = 1; i < N; ++i) {
            sum = static_cast<T>(sum + data_[i]);
        }
        return sum;
    }
    T reduce_mult() const {
        T product = data_[0];
        for (size_t i = 1; i < N; ++i) {
            product = static_cast<T>(product * data_[i]);
        }
        return product;
    }
};

}  // namespace hls
