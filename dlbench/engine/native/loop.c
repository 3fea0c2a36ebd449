/* Training steps of a stack of small nets: chains of dense layers, many trials at once, one in each lane of a vector.

   The trial is the innermost axis of every array here. So whatever is done, is done to all lanes alike, and no bit of a trial
   depends on the other lanes, or on how many a register of this machine has. Nothing is summed across lanes, sums go in one order,
   and products are fused with sums where `fma_` says so and nowhere else (the compiler is told not to: build.py, which also numbers
   the kinds of activations, losses, optimizers and regularizers as plan/native.py lists them). */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* LANES of a register, and ACROSS: how many units at once, as many as the registers hold sums for; no order of sums depends on it. */
#if defined __AVX512F__
#include <immintrin.h>
#define LANES 16
#define ACROSS 4
#define FMA(a, b, c) _mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c)
#define ROOT(x) _mm512_sqrt_ps((__m512)x)
#elif defined __FMA__
#include <immintrin.h>
#define LANES 8
#define ACROSS 2
#define FMA(a, b, c) _mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c)
#define ROOT(x) _mm256_sqrt_ps((__m256)x)
#elif defined __aarch64__
#include <arm_neon.h>
#define LANES 4
#define ACROSS 4
#define FMA(a, b, c) vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b)
#define ROOT(x) vsqrtq_f32((float32x4_t)x)
#else
#error "this processor has no fused multiply-add"
#endif

#define TILE 4 /* samples that go through the net together */
#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("GCC unroll 4")
#define EACH(i, count) for (int64_t i = 0; i < (count); i++)
#define LANE(x, lane) (((float *)&(x))[lane])

typedef float v __attribute__((vector_size(4 * LANES)));
typedef int32_t vi __attribute__((vector_size(4 * LANES)));
typedef double vd __attribute__((vector_size(8 * LANES)));

/* Both are read by job.py, which makes the same of them in Python. */
typedef struct {
    int32_t inputs, units, activation, is_dense;
    int64_t weight, bias; /* where they stand in a row; bias -1: none */
    float *scale;         /* [trials], what the activation multiplies by, or 0 */
    float *tap;           /* [trials][batch][units], what the layer puts out, or 0 */
} layer;

typedef struct {
    int64_t trials, width, parameters, layers, features, outputs, widest, sum, loss;
    int64_t optimizer, states, regularizers, columns, groups, steps, samples, batch, first;
    double delta;
    layer *chain;
    int32_t *kinds, *group;         /* of the regularizers; of each trial */
    float *numbers;                 /* [steps][columns][groups] */
    float *x, *targets, *counts;    /* [samples][...]; what each sample counts, or 0 */
    int64_t *order;                 /* [trials][samples], or 0: all samples at each step */
    float *weights, *memory0, *memory1; /* [trials][width] */
    float *losses;                  /* [steps][trials] */
    int64_t *clipped;               /* [trials] */
    float *gradient;                /* [trials][width], or 0 */
} job;

/* --- arithmetic ------------------------------------------------------------------------------------------------------------ */

INLINE v all(float x) { return x - (v){0}; }
INLINE v fma_(v a, v b, v c) { return (v)FMA(a, b, c); }
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

INLINE v silu_slope(v x) {
    v s = sigmoid_(x);
    return s * (1.0f + x * (1.0f - s));
}

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

/* y = f(x), and g f'(x) by way of x or of y; `scale` is their number. */
#define ACTIVATIONS(DO) \
    DO(sigmoid, sigmoid_(x), g * (1.0f - y) * y) \
    DO(tanh, tanh_(x), g * (1.0f - y * y)) \
    DO(relu, at_least(x, all(0)), where(y <= 0, all(0), g)) \
    DO(leaky_relu, where(x > 0, x, x * scale), where(y > 0, g, g * scale)) \
    DO(elu, where(x > 0, x, scale * expm1_(at_most(x, all(0)))), where(y > 0, g, g * (y + scale))) \
    DO(selu, SELU_SCALE * where(x > 0, x, SELU_ALPHA * expm1_(at_most(x, all(0)))), \
       where(y > 0, g * SELU_SCALE, g * (y + SELU_SCALE * SELU_ALPHA))) \
    DO(softplus, softplus_(x), g * -expm1_(-y)) \
    DO(softsign, x / (1.0f + absolute(x)), g * ((1.0f - absolute(y)) * (1.0f - absolute(y)))) \
    DO(silu, x * sigmoid_(x), g * silu_slope(x))

/* Of `samples` of a layer, from sums `pre` to outputs `out`, which may be the same. */
static void activate(const layer *l, int64_t samples, const v *pre, v *out, v scale) {
    int64_t units = l->units;
    switch (l->activation) {
#define DO(kind, value, slope) case ACTIVATION_##kind: EACH(i, samples * units) { v x = pre[i]; out[i] = value; } break;
    ACTIVATIONS(DO)
#undef DO
    case ACTIVATION_softmax:
        for (int64_t t = 0; t < samples; t++, pre += units, out += units) {
            v most = pre[0], sum = {0};
            EACH(o, units) most = larger(pre[o], most);
            EACH(o, units) sum += out[o] = exp_(pre[o] - most);
            EACH(o, units) out[o] /= sum;
        }
        break;
    default: memcpy(out, pre, samples * units * sizeof(v));
    }
}

/* From the gradient `back` of the outputs to that of the sums, in place. */
static void deactivate(const layer *l, int64_t samples, const v *pre, const v *out, v *back, v scale) {
    int64_t units = l->units;
    switch (l->activation) {
#define DO(kind, value, slope) case ACTIVATION_##kind: EACH(i, samples * units) { v x = pre[i], y = out[i], g = back[i]; (void)x, (void)y; back[i] = slope; } break;
    ACTIVATIONS(DO)
#undef DO
    case ACTIVATION_softmax:
        for (int64_t t = 0; t < samples; t++, out += units, back += units) {
            v sum = {0};
            EACH(o, units) sum = fma_(back[o], out[o], sum);
            EACH(o, units) back[o] = out[o] * (back[o] - sum);
        }
    }
}

/* --- products -------------------------------------------------------------------------------------------------------------- */

typedef struct { const v *at; int64_t row, column; } matrix; /* and the steps from one row to the next, from column to column */

INLINE void product_block(const int M, const int N, v *to, int64_t row, const v *from, int64_t from_row, matrix a, matrix b, int64_t depth) {
    v sum[TILE][ACROSS];
    UNROLLED for (int m = 0; m < M; m++) UNROLLED for (int n = 0; n < N; n++) sum[m][n] = from ? from[m * from_row + n] : all(0);
    EACH(k, depth)
        UNROLLED for (int n = 0; n < N; n++)
            UNROLLED for (int m = 0; m < M; m++)
                sum[m][n] = fma_(a.at[m * a.row + k * a.column], b.at[k * b.row + n * b.column], sum[m][n]);
    UNROLLED for (int m = 0; m < M; m++) UNROLLED for (int n = 0; n < N; n++) to[m * row + n] = sum[m][n];
}

/* to = from + a b; sums begin with `from`, or 0, and go along `depth`. */
INLINE void product(v *to, int64_t row, const v *from, int64_t from_row, matrix a, matrix b, int64_t rows, int64_t columns, int64_t depth) {
    for (int64_t n = 0, N; n < columns; n += N) {
        N = columns - n < ACROSS ? 1 : ACROSS;
        for (int64_t m = 0, M; m < rows; m += M) {
            M = rows - m < TILE ? 1 : TILE;
#define BLOCK(M, N) \
    product_block(M, N, to + m * row + n, row, from ? from + m * from_row + n : 0, from_row, \
                  (matrix){a.at + m * a.row, a.row, a.column}, (matrix){b.at + n * b.column, b.row, b.column}, depth)
            if (M > 1 && N > 1) BLOCK(TILE, ACROSS);
            else if (M > 1) BLOCK(TILE, 1);
            else if (N > 1) BLOCK(1, ACROSS);
            else BLOCK(1, 1);
#undef BLOCK
        }
    }
}

/* --- losses ---------------------------------------------------------------------------------------------------------------- */

/* The loss of one sample; `y` becomes its gradient. */
static v judged(const job *j, v *y, const v *target) {
    int64_t outputs = j->outputs;
    v loss = {0}, delta = all((float)j->delta);
    if (j->loss == LOSS_cross_entropy && outputs > 1) {
        v most = y[0], sum = {0};
        EACH(o, outputs) most = larger(y[o], most);
        EACH(o, outputs) {
            v z = y[o] - most;
            loss = fma_(-target[o], z, loss);
            sum += y[o] = exp_(z);
        }
        EACH(o, outputs) y[o] = y[o] / sum - target[o];
        return loss + log_(sum);
    }
    v whole = all((float)outputs);
    EACH(o, outputs) {
        v far = y[o] - target[o];
        if (j->loss == LOSS_cross_entropy || j->loss == LOSS_bce) {
            v e = exp_(-absolute(y[o]));
            loss += at_least(y[o], all(0)) - y[o] * target[o] + log1p_(e);
            y[o] = (where(y[o] >= 0, all(1), e) / (1.0f + e) - target[o]) / whole;
        } else if (j->loss == LOSS_mse) {
            loss = fma_(far, far, loss);
            y[o] = far * (2.0f / (float)outputs);
        } else if (j->loss == LOSS_l1) {
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

/* As many trials as there are lanes, the last ones the same one over and over where there are fewer. */
typedef struct {
    const job *j;
    int64_t trial[LANES], lanes; /* how many of them differ */
    v *w, *g, *memory0, *memory1, *pre, *y, *d, *dx, *target, *number;
} block;

/* Of `size` numbers a sample those of the sample at a place of each trial's order. */
static void fetch(const block *b, v *to, const float *from, int64_t size, int64_t at) {
    const job *j = b->j;
    EACH(lane, LANES) {
        const float *own = from + (j->order ? j->order[b->trial[lane] * j->samples + at] : at) * size;
        EACH(i, size) LANE(to[i], lane) = own[i];
    }
}

/* Rows of each trial into lanes, or back. */
static void exchange(const block *b, v *lanes, float *rows, int64_t row, int64_t size, int is_back) {
    EACH(lane, is_back ? b->lanes : LANES) {
        float *own = rows + b->trial[lane] * row;
        if (is_back) EACH(i, size) own[i] = LANE(lanes[i], lane);
        else EACH(i, size) LANE(lanes[i], lane) = own[i];
    }
}

static v scale_of(const block *b, const layer *l) {
    v found = {0};
    if (l->scale) exchange(b, &found, l->scale, 1, 1, 0);
    return found;
}

/* `count` samples forward and backward, from the place `at` of an order on; their share of the loss of a batch from `start` on. */
static v tile(block *b, int64_t count, int64_t at, int64_t start, int64_t batch, v total) {
    const job *j = b->j;
    v loss = {0}, *x = b->y, *y = x + TILE * j->features, *pre = b->pre, *d = b->d, *dx = b->dx;
    EACH(t, count) fetch(b, x + t * j->features, j->x, j->features, at + t);
    for (const layer *l = j->chain; l < j->chain + j->layers; l++) {
        int64_t in = l->inputs, out = l->units;
        const v *w = b->w + l->weight, *bias = l->bias < 0 ? 0 : b->w + l->bias;
        if (l->is_dense) product(pre, out, bias, 0, (matrix){x, in, 1}, (matrix){w, out, 1}, count, out, in);
        activate(l, count, l->is_dense ? pre : x, y, scale_of(b, l));
        for (int64_t t = 0; l->tap && t < count; t++)
            exchange(b, y + t * out, l->tap + (at - start + t) * out, batch * out, out, 1);
        x = y;
        y += TILE * out;
        pre += TILE * out;
    }
    memcpy(d, x, count * j->outputs * sizeof(v));
    EACH(t, count) {
        v share = 1.0f / total, *own = d + t * j->outputs;
        if (j->counts) {
            fetch(b, &share, j->counts, 1, at + t);
            share /= total;
        }
        fetch(b, b->target, j->targets, j->outputs, at + t);
        loss = fma_(judged(j, own, b->target), share, loss);
        EACH(o, j->outputs) own[o] *= share;
    }
    for (const layer *l = j->chain + j->layers - 1; l >= j->chain; l--) {
        int64_t in = l->inputs, out = l->units;
        y = x;
        x -= TILE * in;
        pre -= TILE * out;
        deactivate(l, count, l->is_dense ? pre : x, y, d, scale_of(b, l));
        if (!l->is_dense) continue;
        v *g = b->g + l->weight, *bias = b->g + l->bias;
        product(g, out, at == start ? 0 : g, out, (matrix){x, 1, in}, (matrix){d, out, 1}, in, out, count);
        for (int64_t o = 0; l->bias >= 0 && o < out; o++) {
            v sum = at == start ? all(0) : bias[o];
            EACH(t, count) sum += d[t * out + o];
            bias[o] = sum;
        }
        if (l == j->chain) break;
        product(dx, in, 0, 0, (matrix){d, out, 1}, (matrix){b->w + l->weight, 1, out}, count, in, out);
        v *other = d;
        d = dx;
        dx = other;
    }
    return loss;
}

static v gradients(block *b, int64_t step) {
    const job *j = b->j;
    int64_t start = j->order ? (j->first + step) * j->batch : 0;
    int64_t end = j->samples - start < j->batch ? j->samples : start + j->batch;
    v total = all((float)(end - start)), loss = {0}, own = {0};
    if (j->counts) total = all(0);
    for (int64_t at = start; j->counts && at < end; at++) {
        fetch(b, &own, j->counts, 1, at);
        total += own;
    }
    for (int64_t at = start, count; at < end; at += count) {
        count = at + TILE <= end ? TILE : 1;
        loss += tile(b, count, at, start, end - start, total);
    }
    return loss;
}

/* --- updates --------------------------------------------------------------------------------------------------------------- */

static v norm(const v *x, int64_t count, int64_t stride) {
    vd sum = {0};
    v found;
    EACH(i, count) {
        vd own = __builtin_convertvector(x[i * stride], vd);
        sum += own * own;
    }
    EACH(lane, LANES) LANE(found, lane) = (float)sqrt(((double *)&sum)[lane]);
    return found;
}

/* Whether and where the gradient was cut. */
static vi regularize(block *b, int kind, v number) {
    const job *j = b->j;
    vi cut = {0};
    if (kind == REGULARIZER_clip_norm) {
        v share = at_most(number / norm(b->g, j->parameters, 1), all(1));
        EACH(i, j->parameters) b->g[i] *= share;
        return share < 1;
    }
    for (int64_t i = 0; kind == REGULARIZER_clip_value && i < j->parameters; i++) {
        cut |= absolute(b->g[i]) > number;
        b->g[i] = at_least(at_most(b->g[i], number), -number);
    }
    for (const layer *l = j->chain; l < j->chain + j->layers; l++) {
        v *w = b->w + l->weight, *g = b->g + l->weight, side;
        int64_t size = l->is_dense ? (int64_t)l->inputs * l->units : 0;
        if (kind == REGULARIZER_l2) EACH(i, size) g[i] = fma_(2.0f * number, w[i], g[i]);
        if (kind == REGULARIZER_l1) EACH(i, size) g[i] += where(w[i] > 0, number, where(w[i] < 0, -number, all(0)));
        for (int64_t o = 0; kind == REGULARIZER_max_norm && size && o < l->units; o++) {
            side = at_most(number / norm(w + o, l->inputs, l->units), all(1));
            EACH(i, l->inputs) w[i * l->units + o] *= side;
        }
    }
    return cut;
}

/* The columns of numbers: rate, decay, and then what the optimizer has of its own (tables.py). */
static void update(block *b, const v *n) {
    const job *j = b->j;
    v *w = b->w, *g = b->g, *m = b->memory0, *s = b->memory1, rate = n[0], decay = n[1];
    EACH(i, j->parameters) {
        v own = j->optimizer == OPTIMIZER_adamw ? g[i] : fma_(decay, w[i], g[i]), step = own;
        if (j->optimizer == OPTIMIZER_adam || j->optimizer == OPTIMIZER_adamw) {
            m[i] = fma_(n[3], own - m[i], m[i]);
            s[i] = fma_(n[5] * own, own, n[4] * s[i]);
            step = m[i] / fma_((v)ROOT(s[i]), n[7], n[6]);
            if (j->optimizer == OPTIMIZER_adamw) w[i] *= decay;
        } else if (j->optimizer == OPTIMIZER_rmsprop) {
            s[i] = fma_(n[5] * own, own, n[4] * s[i]);
            step = m[i] = fma_(n[2], m[i], own / ((v)ROOT(s[i]) + n[6]));
        } else if (j->states) {
            m[i] = fma_(n[2], m[i], own);
            step = j->optimizer == OPTIMIZER_nesterov ? fma_(n[2], m[i], own) : m[i];
        }
        w[i] = fma_(-rate, step, w[i]);
    }
}

static void take_step(block *b, int64_t step) {
    const job *j = b->j;
    const v *strengths = b->number + j->columns - j->regularizers;
    vi cut = {0};
    v loss = gradients(b, step);
    exchange(b, &loss, j->losses + step * j->trials, 1, 1, 1);
    if (j->gradient) exchange(b, b->g, j->gradient, j->width, j->parameters, 1);
    EACH(column, j->columns)
        EACH(lane, LANES)
            LANE(b->number[column], lane) = j->numbers[(step * j->columns + column) * j->groups + j->group[b->trial[lane]]];
    EACH(r, j->regularizers)
        if (j->kinds[r] != REGULARIZER_max_norm) cut |= regularize(b, j->kinds[r], strengths[r]);
    update(b, b->number);
    EACH(r, j->regularizers)
        if (j->kinds[r] == REGULARIZER_max_norm) regularize(b, j->kinds[r], strengths[r]);
    EACH(lane, b->lanes) j->clipped[b->trial[lane]] += ((int32_t *)&cut)[lane] != 0;
}

static void exchange_all(const block *b, int is_back) {
    const job *j = b->j;
    exchange(b, b->w, j->weights, j->width, j->parameters, is_back);
    if (j->states > 0) exchange(b, b->memory0, j->memory0, j->width, j->parameters, is_back);
    if (j->states > 1) exchange(b, b->memory1, j->memory1, j->width, j->parameters, is_back);
}

/* Take all steps of a job; 0, or 1 where there is no memory for it. */
int dlbench_train(const job *j) {
    int64_t sizes[] = {j->parameters, j->parameters, j->parameters, j->parameters, TILE * j->sum, TILE * j->sum,
                       TILE * j->widest, TILE * j->widest, j->outputs, j->columns}, size = 0;
    EACH(i, 10) size += sizes[i];
    v *room = aligned_alloc(sizeof(v), size * sizeof(v)), *next = room;
    if (!room) return 1;
    memset(room, 0, size * sizeof(v));
    block b = {.j = j};
    v **parts[] = {&b.w, &b.g, &b.memory0, &b.memory1, &b.pre, &b.y, &b.d, &b.dx, &b.target, &b.number};
    for (int i = 0; i < 10; next += sizes[i++]) *parts[i] = next;
    for (int64_t first = 0; first < j->trials; first += LANES) {
        b.lanes = j->trials - first < LANES ? j->trials - first : LANES;
        EACH(lane, LANES) b.trial[lane] = first + (lane < b.lanes ? lane : b.lanes - 1);
        exchange_all(&b, 0);
        EACH(step, j->steps) take_step(&b, step);
        exchange_all(&b, 1);
    }
    free(room);
    return 0;
}
