/* The nine-layer lesson with the trials innermost: what this machine can do. Arithmetic is not strict (see xor_limit.py). */
#include <math.h>
#define LANES 16  /* trials side by side: two AVX-512 registers of half that, four of AVX2 */
#define DENSE 11
#define SAMPLES 4
static const int SIZES[DENSE + 1] = {2, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 1};
typedef float Row[LANES];

static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

/* One step of LANES trials. `w` and `g` hold each layer's weights [in][out], then its biases. */
static void step(Row *restrict w, Row *restrict g, const float x[SAMPLES][2], const float y[SAMPLES], float rate, int parameters)
{
    static Row out[DENSE + 1][5], delta[5], before[5];
    for (int p = 0; p < parameters; p++) for (int t = 0; t < LANES; t++) g[p][t] = 0;
    for (int s = 0; s < SAMPLES; s++) {
        for (int i = 0; i < 2; i++) for (int t = 0; t < LANES; t++) out[0][i][t] = x[s][i];
        Row *own = w;
        for (int l = 0; l < DENSE; own += SIZES[l] * SIZES[l + 1] + SIZES[l + 1], l++)
            for (int o = 0; o < SIZES[l + 1]; o++) {
                Row sum;
                for (int t = 0; t < LANES; t++) sum[t] = own[SIZES[l] * SIZES[l + 1] + o][t];
                for (int i = 0; i < SIZES[l]; i++)
                    for (int t = 0; t < LANES; t++) sum[t] += out[l][i][t] * own[i * SIZES[l + 1] + o][t];
                for (int t = 0; t < LANES; t++) out[l + 1][o][t] = sigmoid(sum[t]);
            }
        for (int t = 0; t < LANES; t++) delta[0][t] = (out[DENSE][0][t] - y[s]) / SAMPLES;
        Row *back = g + parameters;
        for (int l = DENSE - 1; l >= 0; l--) {
            int in = SIZES[l], n = SIZES[l + 1];
            back -= in * n + n;
            own -= in * n + n;
            for (int o = 0; o < n; o++) for (int t = 0; t < LANES; t++) back[in * n + o][t] += delta[o][t];
            for (int i = 0; i < in; i++) {
                for (int t = 0; t < LANES; t++) before[i][t] = 0;
                for (int o = 0; o < n; o++)
                    for (int t = 0; t < LANES; t++) {
                        back[i * n + o][t] += out[l][i][t] * delta[o][t];
                        before[i][t] += own[i * n + o][t] * delta[o][t];
                    }
            }
            for (int i = 0; i < in; i++)
                for (int t = 0; t < LANES; t++) delta[i][t] = before[i][t] * out[l][i][t] * (1 - out[l][i][t]);
        }
    }
    for (int p = 0; p < parameters; p++) for (int t = 0; t < LANES; t++) w[p][t] -= rate * g[p][t];
}

/* `weights` is [blocks][parameters][LANES]; every block of trials takes all steps while it lies in the cache. */
void train(Row *weights, Row *gradient, int blocks, int parameters, int steps, float rate, const float *x, const float *y)
{
    for (int b = 0; b < blocks; b++)
        for (int k = 0; k < steps; k++) step(weights + b * parameters, gradient, (const void *)x, y, rate, parameters);
}
