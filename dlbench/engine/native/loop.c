/* Training steps of a stack of small nets: chains of dense layers, sixteen trials at once, one in each lane of a vector.

   The trial is the innermost axis of every array here. So whatever is done, is done to all lanes alike, and no bit of a trial
   depends on the other lanes, on how many of them are used, or on how wide the machine's registers are: a vector of sixteen floats
   is one register of AVX-512 or two of AVX2. Nothing is summed across lanes, sums go in one order, and products are fused with
   sums where `fma` says so and nowhere else (the compiler is told not to: build.py). */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined __x86_64__
#include <immintrin.h>
#endif
#if !defined __FMA__ && !defined __ARM_FEATURE_FMA
#error "this processor has no fused multiply-add"
#endif

#define LANES 16
#define TILE 4 /* samples that go through the net together */
#if defined __AVX512F__
#define BLOCK 4 /* units at once, as many as the registers hold sums for; no order of sums depends on it */
#else
#define BLOCK 1
#endif
#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("GCC unroll 4")

typedef float v __attribute__((vector_size(64)));
typedef int32_t vi __attribute__((vector_size(64)));
typedef double vd __attribute__((vector_size(128)));

enum { IDENTITY, SIGMOID, TANH, RELU, LEAKY_RELU, ELU, SELU, SOFTPLUS, SOFTSIGN, SILU, SOFTMAX };
enum { CROSS_ENTROPY, BINARY, MSE, L1_LOSS, HUBER };
enum { SGD, MOMENTUM, NESTEROV, ADAM, ADAMW, RMSPROP };
enum { L2, L1, CLIP_NORM, CLIP_VALUE, MAX_NORM };

/* What `chain.py` hands over; the order of the fields is that of its classes. */
typedef struct {
    int32_t inputs, units, activation, is_dense;
    int64_t weight, bias; /* where they stand in a row; bias -1: none */
    const float *scale;   /* [trials], what the activation multiplies by, or 0 */
    float *tap;           /* [trials][batch][units], what the layer puts out, or 0 */
} layer;

typedef struct {
    int64_t trials, width, parameters, layers, features, outputs, loss;
    double delta;
    int64_t optimizer, states, regularizers, columns, groups;
    int64_t steps, samples, batch, first;
    const layer *chain;
    const int32_t *kinds, *group; /* of the regularizers; of each trial */
    const float *numbers;         /* [steps][columns][groups] */
    const float *x, *targets, *counts; /* [samples][...]; what each sample counts, or 0 */
    const int64_t *order;         /* [trials][samples], or 0: all samples at each step */
    float *weights, *memory[2];   /* [trials][width] */
    float *losses;                /* [steps][trials] */
    int64_t *clipped;             /* [trials] */
    float *gradient;              /* [trials][width], or 0 */
} job;

/* --- arithmetic ------------------------------------------------------------------------------------------------------------ */

INLINE v all(float x) { return x - (v){0}; }

INLINE v fma_(v a, v b, v c) {
#if defined __AVX512F__
    return (v)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined __FMA__
    union { v whole; __m256 half[2]; } x = {a}, y = {b}, z = {c};
    UNROLLED for (int i = 0; i < 2; i++) z.half[i] = _mm256_fmadd_ps(x.half[i], y.half[i], z.half[i]);
    return z.whole;
#else
    for (int i = 0; i < LANES; i++) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
    return c;
#endif
}

INLINE v root(v x) {
#if defined __AVX512F__
    return (v)_mm512_sqrt_ps((__m512)x);
#elif defined __FMA__
    union { v whole; __m256 half[2]; } y = {x};
    UNROLLED for (int i = 0; i < 2; i++) y.half[i] = _mm256_sqrt_ps(y.half[i]);
    return y.whole;
#else
    for (int i = 0; i < LANES; i++) x[i] = __builtin_sqrtf(x[i]);
    return x;
#endif
}

INLINE v where(vi is, v a, v b) { return (v)((is & (vi)a) | (~is & (vi)b)); }
INLINE v absolute(v x) { return (v)((vi)x & 0x7fffffff); }
INLINE v larger(v a, v b) { return where(a > b, a, b); }
/* Of no number b: what is compared keeps it. */
INLINE v at_most(v b, v a) { return where(b > a, a, b); }
INLINE v at_least(v b, v a) { return where(b < a, a, b); }

#define SELU_SCALE 1.0507009873554805f
#define SELU_ALPHA 1.6732632423543772f
#define ROUNDING 12582912.0f /* 1.5 * 2^23: whole numbers beyond it lie 1 apart, so that adding it rounds */

/* e^x = 2^n (1 + p): n and p, and p from its series in |r| <= ln(2) / 2 up to r^7, which is exact in single precision. */
INLINE v exponent(v x, vi *n) {
    v t = fma_(x, all(1.44269504f), all(ROUNDING)), whole = t - ROUNDING;
    v r = fma_(whole, all(-0.693359375f), x);
    r = fma_(whole, all(2.12194440e-4f), r);
    v p = fma_(r, all(1 / 5040.0f), all(1 / 720.0f));
    p = fma_(p, r, all(1 / 120.0f));
    p = fma_(p, r, all(1 / 24.0f));
    p = fma_(p, r, all(1 / 6.0f));
    p = fma_(p, r, all(0.5f));
    *n = (vi)t - 0x4b400000;
    return fma_(p, r * r, r);
}

INLINE v power_of_two(vi n) { return (v)((n + 127) << 23); }

INLINE v exp_(v x) {
    vi n;
    v p = exponent(at_least(at_most(x, all(89.0f)), all(-104.0f)), &n);
    vi half = n >> 1; /* in two parts, since 2^128 and 2^-130 are no floats, but their products with others are */
    v s = power_of_two(half);
    return fma_(s, p, s) * power_of_two(n - half);
}

INLINE v expm1_(v x) { /* for x <= 0 */
    vi n;
    v p = exponent(at_least(x, all(-60.0f)), &n), s = power_of_two(n);
    return fma_(s, p, s - 1.0f);
}

INLINE v sigmoid_(v x) { return 1.0f / (1.0f + exp_(-x)); }

INLINE v tanh_(v x) { /* -m / (2 + m) with m = exp(-2 |x|) - 1 */
    v m = expm1_(-2.0f * absolute(x)), y = -m / (m + 2.0f);
    return (v)((vi)y | ((vi)x & (vi)all(-0.0f)));
}

/* log((1 + s) / (1 - s)) = 2 s (1 + s^2 / 3 + s^4 / 5 + ...), for |s| <= 1/3. */
INLINE v log_of_ratio(v s) {
    v z = s * s, sum = fma_(z, all(1 / 15.0f), all(1 / 13.0f));
    sum = fma_(sum, z, all(1 / 11.0f));
    sum = fma_(sum, z, all(1 / 9.0f));
    sum = fma_(sum, z, all(1 / 7.0f));
    sum = fma_(sum, z, all(1 / 5.0f));
    sum = fma_(sum, z, all(1 / 3.0f));
    s += s;
    return fma_(sum * z, s, s);
}

INLINE v log1p_(v x) { return log_of_ratio(x / (x + 2.0f)); } /* for 0 <= x <= 1 */

INLINE v log_(v x) { /* for 1 <= x */
    vi n = ((vi)x - 0x3f3504f3) >> 23; /* x = 2^n m with m around 1 */
    v m = (v)((vi)x - (n << 23)), whole = __builtin_convertvector(n, v);
    v found = fma_(whole, all(0.693359375f), fma_(whole, all(-2.12194440e-4f), log_of_ratio((m - 1.0f) / (m + 1.0f))));
    return where(x < INFINITY, found, x);
}

INLINE v softplus_(v x) { return at_least(x, all(0)) + log1p_(exp_(-absolute(x))); }

/* --- activations ----------------------------------------------------------------------------------------------------------- */

/* y = f(x); where the slope does not follow from y, `slope` receives it. */
INLINE v activated(const int kind, v x, v scale, v *slope) {
    switch (kind) {
    case SIGMOID: return sigmoid_(x);
    case TANH: return tanh_(x);
    case RELU: return at_least(x, all(0));
    case LEAKY_RELU: return where(x > 0, x, x * scale);
    case ELU: return where(x > 0, x, scale * expm1_(at_most(x, all(0))));
    case SELU: return SELU_SCALE * where(x > 0, x, SELU_ALPHA * expm1_(at_most(x, all(0))));
    case SOFTPLUS: return softplus_(x);
    case SOFTSIGN: return x / (1.0f + absolute(x));
    case SILU: {
        v s = sigmoid_(x);
        *slope = s * (1.0f + x * (1.0f - s));
        return x * s;
    }
    default: return x;
    }
}

/* g f'(x), by way of y = f(x) where that says it. */
INLINE v deactivated(const int kind, v g, v y, v scale, v slope) {
    switch (kind) {
    case SIGMOID: return g * (1.0f - y) * y;
    case TANH: return g * (1.0f - y * y);
    case RELU: return where(y <= 0, all(0), g);
    case LEAKY_RELU: return where(y > 0, g, g * scale);
    case ELU: return where(y > 0, g, g * (y + scale));
    case SELU: return where(y > 0, g * SELU_SCALE, g * (y + SELU_SCALE * SELU_ALPHA));
    case SOFTPLUS: return g * -expm1_(-y);
    case SOFTSIGN: {
        v rest = 1.0f - absolute(y);
        return g * (rest * rest);
    }
    case SILU: return g * slope;
    default: return g;
    }
}

#define FOR_EACH_KIND(kind, DO) \
    switch (kind) { \
    case SIGMOID: DO(SIGMOID) break; \
    case TANH: DO(TANH) break; \
    case RELU: DO(RELU) break; \
    case LEAKY_RELU: DO(LEAKY_RELU) break; \
    case ELU: DO(ELU) break; \
    case SELU: DO(SELU) break; \
    case SOFTPLUS: DO(SOFTPLUS) break; \
    case SOFTSIGN: DO(SOFTSIGN) break; \
    case SILU: DO(SILU) break; \
    }

static void activate(int kind, v *y, v *slope, int64_t count, v scale) {
#define DO(KIND) for (int64_t i = 0; i < count; i++) y[i] = activated(KIND, y[i], scale, slope + i);
    FOR_EACH_KIND(kind, DO)
#undef DO
}

static void deactivate(int kind, v *g, const v *y, const v *slope, int64_t count, v scale) {
#define DO(KIND) for (int64_t i = 0; i < count; i++) g[i] = deactivated(KIND, g[i], y[i], scale, slope[i]);
    FOR_EACH_KIND(kind, DO)
#undef DO
}

static void softmax(v *y, int64_t units) { /* of one sample, in place */
    v most = y[0], sum = {0};
    for (int64_t o = 1; o < units; o++) most = larger(y[o], most);
    for (int64_t o = 0; o < units; o++) sum += y[o] = exp_(y[o] - most);
    for (int64_t o = 0; o < units; o++) y[o] /= sum;
}

static void softmax_back(v *g, const v *y, int64_t units) {
    v sum = {0};
    for (int64_t o = 0; o < units; o++) sum = fma_(g[o], y[o], sum);
    for (int64_t o = 0; o < units; o++) g[o] = y[o] * (g[o] - sum);
}

/* --- dense layers: x [T][in], y [T][out], w [in][out] ------------------------------------------------------------------------ */

INLINE void forward_block(const int T, const int O, const v *x, int64_t in, v *y, int64_t out, const v *w, const v *b) {
    v sum[TILE][BLOCK];
    UNROLLED for (int t = 0; t < T; t++) UNROLLED for (int o = 0; o < O; o++) sum[t][o] = b ? b[o] : all(0);
    for (int64_t i = 0; i < in; i++)
        UNROLLED for (int o = 0; o < O; o++)
            UNROLLED for (int t = 0; t < T; t++) sum[t][o] = fma_(x[t * in + i], w[i * out + o], sum[t][o]);
    UNROLLED for (int t = 0; t < T; t++) UNROLLED for (int o = 0; o < O; o++) y[t * out + o] = sum[t][o];
}

INLINE void forward(const int T, const v *x, int64_t in, v *y, int64_t out, const v *w, const v *b) {
    int64_t o = 0;
    for (; o + BLOCK <= out; o += BLOCK) forward_block(T, BLOCK, x, in, y + o, out, w + o, b ? b + o : 0);
    for (; o < out; o++) forward_block(T, 1, x, in, y + o, out, w + o, b ? b + o : 0);
}

/* dW = x^T d, added to what earlier tiles gave unless this is the first. */
INLINE void weights_block(const int T, const int I, const int O, const v *x, int64_t in, const v *d, int64_t out, v *g, int is_first) {
    v sum[BLOCK][BLOCK];
    UNROLLED for (int i = 0; i < I; i++) UNROLLED for (int o = 0; o < O; o++) sum[i][o] = is_first ? all(0) : g[i * out + o];
    UNROLLED for (int t = 0; t < T; t++)
        UNROLLED for (int i = 0; i < I; i++)
            UNROLLED for (int o = 0; o < O; o++) sum[i][o] = fma_(x[t * in + i], d[t * out + o], sum[i][o]);
    UNROLLED for (int i = 0; i < I; i++) UNROLLED for (int o = 0; o < O; o++) g[i * out + o] = sum[i][o];
}

INLINE void weights_column(const int T, const int O, const v *x, int64_t in, const v *d, int64_t out, v *g, int is_first) {
    int64_t i = 0;
    for (; i + BLOCK <= in; i += BLOCK) weights_block(T, BLOCK, O, x + i, in, d, out, g + i * out, is_first);
    for (; i < in; i++) weights_block(T, 1, O, x + i, in, d, out, g + i * out, is_first);
}

INLINE void weights(const int T, const v *x, int64_t in, const v *d, int64_t out, v *g, v *gb, int is_first) {
    int64_t o = 0;
    for (; o + BLOCK <= out; o += BLOCK) weights_column(T, BLOCK, x, in, d + o, out, g + o, is_first);
    for (; o < out; o++) weights_column(T, 1, x, in, d + o, out, g + o, is_first);
    for (o = 0; gb && o < out; o++) {
        v sum = is_first ? all(0) : gb[o];
        UNROLLED for (int t = 0; t < T; t++) sum += d[t * out + o];
        gb[o] = sum;
    }
}

/* dx = d W^T */
INLINE void inputs_block(const int T, const int I, v *dx, int64_t in, const v *d, int64_t out, const v *w) {
    v sum[TILE][BLOCK];
    UNROLLED for (int t = 0; t < T; t++) UNROLLED for (int i = 0; i < I; i++) sum[t][i] = all(0);
    for (int64_t o = 0; o < out; o++)
        UNROLLED for (int i = 0; i < I; i++)
            UNROLLED for (int t = 0; t < T; t++) sum[t][i] = fma_(d[t * out + o], w[i * out + o], sum[t][i]);
    UNROLLED for (int t = 0; t < T; t++) UNROLLED for (int i = 0; i < I; i++) dx[t * in + i] = sum[t][i];
}

INLINE void inputs(const int T, v *dx, int64_t in, const v *d, int64_t out, const v *w) {
    int64_t i = 0;
    for (; i + BLOCK <= in; i += BLOCK) inputs_block(T, BLOCK, dx + i, in, d, out, w + i * out);
    for (; i < in; i++) inputs_block(T, 1, dx + i, in, d, out, w + i * out);
}

/* --- losses ---------------------------------------------------------------------------------------------------------------- */

/* The loss of one sample; `y` becomes its gradient. */
static v judged(const job *j, v *y, const v *target) {
    int64_t outputs = j->outputs;
    v loss = {0}, delta = all((float)j->delta);
    if (j->loss == CROSS_ENTROPY && outputs > 1) {
        v most = y[0], sum = {0};
        for (int64_t o = 1; o < outputs; o++) most = larger(y[o], most);
        for (int64_t o = 0; o < outputs; o++) {
            v z = y[o] - most;
            loss = fma_(-target[o], z, loss);
            sum += y[o] = exp_(z);
        }
        for (int64_t o = 0; o < outputs; o++) y[o] = y[o] / sum - target[o];
        return loss + log_(sum);
    }
    v whole = all((float)outputs);
    for (int64_t o = 0; o < outputs; o++) {
        v far = y[o] - target[o];
        if (j->loss <= BINARY) {
            v e = exp_(-absolute(y[o]));
            loss += at_least(y[o], all(0)) - y[o] * target[o] + log1p_(e);
            y[o] = (where(y[o] >= 0, all(1), e) / (1.0f + e) - target[o]) / whole;
        } else if (j->loss == MSE) {
            loss = fma_(far, far, loss);
            y[o] = far * (2.0f / (float)outputs);
        } else if (j->loss == L1_LOSS) {
            loss += absolute(far);
            y[o] = where(far > 0, all(1), where(far < 0, all(-1), far)) / whole;
        } else {
            v near = at_most(absolute(far), delta);
            loss = fma_(near, absolute(far) - near * 0.5f, loss);
            y[o] = at_least(at_most(far, delta), -delta) / whole;
        }
    }
    return loss / whole;
}

/* --- steps ----------------------------------------------------------------------------------------------------------------- */

/* Sixteen trials, the last ones the same one over and over where there are fewer. */
typedef struct {
    const job *j;
    int64_t trial[LANES];
    int64_t lanes; /* how many differ */
    int64_t *place; /* [layers + 1], where each layer's outputs begin in a tile, in units */
    v *w, *g, *memory[2], *y, *slope, *d, *dx, *target, *number;
} block;

INLINE int64_t sample(const block *b, int lane, int64_t at) {
    return b->j->order ? b->j->order[b->trial[lane] * b->j->samples + at] : at;
}

/* Of `size` numbers a sample those of the sample at a place of each trial's order. */
static void fetch(const block *b, v *to, const float *from, int64_t size, int64_t at) {
    if (!b->j->order) {
        for (int64_t i = 0; i < size; i++) to[i] = all(from[at * size + i]);
        return;
    }
    for (int lane = 0; lane < LANES; lane++) {
        const float *own = from + sample(b, lane, at) * size;
        for (int64_t i = 0; i < size; i++) ((float *)(to + i))[lane] = own[i];
    }
}

static v of_trials(const block *b, const float *numbers) {
    v found = {0};
    for (int lane = 0; numbers && lane < LANES; lane++) ((float *)&found)[lane] = numbers[b->trial[lane]];
    return found;
}

static void tap(const block *b, const layer *l, const v *y, int64_t at, int64_t batch) {
    for (int64_t lane = 0; lane < b->lanes; lane++) {
        float *to = l->tap + (b->trial[lane] * batch + at) * l->units;
        for (int64_t o = 0; o < l->units; o++) to[o] = ((const float *)(y + o))[lane];
    }
}

/* T samples forward and backward, from the place `at` of an order on; their share of the batch's loss. */
INLINE v tile(const int T, block *b, int64_t at, int64_t start, int64_t batch, v total) {
    const job *j = b->j;
    v loss = {0};
    for (int t = 0; t < T; t++) fetch(b, b->y + t * j->features, j->x, j->features, at + t);
    for (int64_t l = 0; l < j->layers; l++) {
        const layer *own = j->chain + l;
        v *x = b->y + TILE * b->place[l], *y = b->y + TILE * b->place[l + 1], *slope = b->slope + TILE * b->place[l + 1];
        int64_t count = T * own->units;
        if (own->is_dense) forward(T, x, own->inputs, y, own->units, b->w + own->weight, own->bias < 0 ? 0 : b->w + own->bias);
        else memcpy(y, x, count * sizeof(v));
        if (own->activation == SOFTMAX) for (int t = 0; t < T; t++) softmax(y + t * own->units, own->units);
        else activate(own->activation, y, slope, count, of_trials(b, own->scale));
        if (own->tap) for (int t = 0; t < T; t++) tap(b, own, y + t * own->units, at - start + t, batch);
    }
    v *d = b->d, *dx = b->dx;
    memcpy(d, b->y + TILE * b->place[j->layers], T * j->outputs * sizeof(v));
    for (int t = 0; t < T; t++) {
        v share = 1.0f / total;
        if (j->counts) {
            fetch(b, &share, j->counts, 1, at + t);
            share /= total;
        }
        fetch(b, b->target, j->targets, j->outputs, at + t);
        loss = fma_(judged(j, d + t * j->outputs, b->target), share, loss);
        for (int64_t o = 0; o < j->outputs; o++) d[t * j->outputs + o] *= share;
    }
    for (int64_t l = j->layers - 1; l >= 0; l--) {
        const layer *own = j->chain + l;
        const v *x = b->y + TILE * b->place[l], *y = b->y + TILE * b->place[l + 1], *slope = b->slope + TILE * b->place[l + 1];
        if (own->activation == SOFTMAX)
            for (int t = 0; t < T; t++) softmax_back(d + t * own->units, y + t * own->units, own->units);
        else deactivate(own->activation, d, y, slope, T * own->units, of_trials(b, own->scale));
        if (!own->is_dense) continue;
        weights(T, x, own->inputs, d, own->units, b->g + own->weight, own->bias < 0 ? 0 : b->g + own->bias, at == start);
        if (l == 0) break;
        inputs(T, dx, own->inputs, d, own->units, b->w + own->weight);
        v *other = d;
        d = dx;
        dx = other;
    }
    return loss;
}

static v gradients(block *b, int64_t step) {
    const job *j = b->j;
    int64_t start = j->order ? (j->first + step) * j->batch : 0;
    int64_t batch = j->samples - start < j->batch ? j->samples - start : j->batch, at = start;
    v total = all((float)batch), loss = {0};
    if (j->counts) {
        total = all(0);
        for (; at < start + batch; at++) {
            v own;
            fetch(b, &own, j->counts, 1, at);
            total += own;
        }
    }
    for (at = start; at + TILE <= start + batch; at += TILE) loss += tile(TILE, b, at, start, batch, total);
    for (; at < start + batch; at++) loss += tile(1, b, at, start, batch, total);
    return loss;
}

static v norm(const v *x, int64_t count, int64_t stride) {
    vd sum = {0};
    for (int64_t i = 0; i < count; i++) {
        vd own = __builtin_convertvector(x[i * stride], vd);
        sum += own * own;
    }
    v found;
    for (int lane = 0; lane < LANES; lane++) ((float *)&found)[lane] = (float)sqrt(((double *)&sum)[lane]);
    return found;
}

/* Whether and where the gradient was cut. */
static vi regularize(block *b, int kind, v number) {
    const job *j = b->j;
    vi cut = {0};
    if (kind == CLIP_NORM) {
        v share = at_most(number / norm(b->g, j->parameters, 1), all(1));
        for (int64_t i = 0; i < j->parameters; i++) b->g[i] *= share;
        return share < 1;
    }
    for (int64_t i = 0; kind == CLIP_VALUE && i < j->parameters; i++) {
        cut |= absolute(b->g[i]) > number;
        b->g[i] = at_least(at_most(b->g[i], number), -number);
    }
    for (int64_t l = 0; l < j->layers; l++) {
        const layer *own = j->chain + l;
        v *w = b->w + own->weight, *g = b->g + own->weight;
        int64_t size = own->is_dense ? (int64_t)own->inputs * own->units : 0;
        for (int64_t i = 0; kind == L2 && i < size; i++) g[i] = fma_(2.0f * number, w[i], g[i]);
        for (int64_t i = 0; kind == L1 && i < size; i++) g[i] += where(w[i] > 0, number, where(w[i] < 0, -number, all(0)));
        for (int64_t o = 0; kind == MAX_NORM && size && o < own->units; o++) {
            v share = at_most(number / norm(w + o, own->inputs, own->units), all(1));
            for (int64_t i = 0; i < own->inputs; i++) w[i * own->units + o] *= share;
        }
    }
    return cut;
}

/* The columns of numbers: rate, decay, and then what the optimizer has of its own (chain.py). */
static void update(block *b, const v *n) {
    const job *j = b->j;
    v *w = b->w, *g = b->g, *m = b->memory[0], *s = b->memory[1], rate = n[0], decay = n[1];
    for (int64_t i = 0; i < j->parameters; i++) {
        v own = j->optimizer == ADAMW ? g[i] : fma_(decay, w[i], g[i]), step = own;
        if (j->optimizer == ADAM || j->optimizer == ADAMW) {
            m[i] = fma_(n[3], own - m[i], m[i]);
            s[i] = fma_(n[5] * own, own, n[4] * s[i]);
            step = m[i] / fma_(root(s[i]), n[7], n[6]);
            if (j->optimizer == ADAMW) w[i] *= decay;
        } else if (j->optimizer == RMSPROP) {
            s[i] = fma_(n[5] * own, own, n[4] * s[i]);
            step = m[i] = fma_(n[2], m[i], own / (root(s[i]) + n[6]));
        } else if (j->states) {
            m[i] = fma_(n[2], m[i], own);
            step = j->optimizer == NESTEROV ? fma_(n[2], m[i], own) : m[i];
        }
        w[i] = fma_(-rate, step, w[i]);
    }
}

static void take_step(block *b, int64_t step) {
    const job *j = b->j;
    vi cut = {0};
    v loss = gradients(b, step);
    for (int64_t lane = 0; lane < b->lanes; lane++) {
        int64_t trial = b->trial[lane];
        j->losses[step * j->trials + trial] = ((float *)&loss)[lane];
        for (int64_t i = 0; j->gradient && i < j->parameters; i++)
            j->gradient[trial * j->width + i] = ((float *)(b->g + i))[lane];
    }
    for (int64_t column = 0; column < j->columns; column++)
        for (int lane = 0; lane < LANES; lane++)
            ((float *)(b->number + column))[lane] = j->numbers[(step * j->columns + column) * j->groups + j->group[b->trial[lane]]];
    const v *own = b->number + j->columns - j->regularizers;
    for (int64_t r = 0; r < j->regularizers; r++)
        if (j->kinds[r] != MAX_NORM) cut |= regularize(b, j->kinds[r], own[r]);
    update(b, b->number);
    for (int64_t r = 0; r < j->regularizers; r++)
        if (j->kinds[r] == MAX_NORM) regularize(b, MAX_NORM, own[r]);
    for (int64_t lane = 0; lane < b->lanes; lane++) j->clipped[b->trial[lane]] += ((int32_t *)&cut)[lane] != 0;
}

/* Rows of the block's trials into lanes, or back. */
static void exchange(const block *b, v *lanes, float *rows, int is_back) {
    for (int64_t lane = 0; lane < (is_back ? b->lanes : LANES); lane++) {
        float *row = rows + b->trial[lane] * b->j->width;
        for (int64_t i = 0; i < b->j->parameters; i++) {
            float *own = (float *)(lanes + i) + lane;
            if (is_back) row[i] = *own;
            else *own = row[i];
        }
    }
}

static void exchange_all(block *b, int is_back) {
    exchange(b, b->w, b->j->weights, is_back);
    for (int64_t state = 0; state < b->j->states; state++) exchange(b, b->memory[state], b->j->memory[state], is_back);
}

/* Take all steps of a job; 0, or 1 where there is no memory for it. */
int dlbench_train(const job *j) {
    block b = {.j = j};
    int64_t place[j->layers + 1], widest = j->features, sum = j->features;
    place[0] = 0;
    for (int64_t l = 0; l < j->layers; l++) {
        place[l + 1] = sum;
        sum += j->chain[l].units;
        widest = j->chain[l].units > widest ? j->chain[l].units : widest;
    }
    b.place = place;
    int64_t tile_size = TILE * sum, size = 4 * j->parameters + 2 * tile_size + 2 * TILE * widest + j->outputs + j->columns;
    v *room = aligned_alloc(64, size * sizeof(v));
    if (!room) return 1;
    memset(room, 0, size * sizeof(v));
    v **parts[] = {&b.w, &b.g, &b.memory[0], &b.memory[1], &b.y, &b.slope, &b.d, &b.dx, &b.target, &b.number};
    int64_t sizes[] = {j->parameters, j->parameters, j->parameters, j->parameters, tile_size, tile_size,
                       TILE * widest, TILE * widest, j->outputs, j->columns};
    v *next = room;
    for (int i = 0; i < 10; i++) {
        *parts[i] = next;
        next += sizes[i];
    }
    for (int64_t first = 0; first < j->trials; first += LANES) {
        b.lanes = j->trials - first < LANES ? j->trials - first : LANES;
        for (int64_t lane = 0; lane < LANES; lane++) b.trial[lane] = first + (lane < b.lanes ? lane : b.lanes - 1);
        exchange_all(&b, 0);
        for (int64_t step = 0; step < j->steps; step++) take_step(&b, step);
        exchange_all(&b, 1);
    }
    free(room);
    return 0;
}
