/* The softmax/cross-entropy gradient dE/dz_j = o_j - t_j in C, as a program for gradcert.
 *
 *     gcc -O2 -std=c11 softmax_gradient.c -o softmax_gradient -lm
 *     gradcert certify "command:./softmax_gradient"
 *
 * It takes targets that sum to one, computes in the format of the arrays, binary64 or binary32, and
 * needs a little-endian machine. To certify a kernel of your own, put it in place of GRADIENT.
 * Build without -ffast-math, which assumes that no number is NaN or -inf: a masked logit is -inf.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRADIENT(NAME, REAL, EXP)                                                                 \
    static void NAME(size_t rows, size_t classes, const void *logits, const void *targets,        \
                     void *answer)                                                                \
    {                                                                                             \
        const REAL *z = logits, *t = targets;                                                     \
        REAL *gradient = answer;                                                                  \
        for (; rows > 0; rows--, z += classes, t += classes, gradient += classes) {               \
            REAL largest = z[0], sum = 0;                                                         \
            for (size_t j = 1; j < classes; j++)                                                  \
                if (z[j] > largest)                                                               \
                    largest = z[j];                                                               \
            for (size_t j = 0; j < classes; j++)                                                  \
                sum += gradient[j] = EXP(z[j] - largest);                                         \
            for (size_t j = 0; j < classes; j++)                                                  \
                gradient[j] = gradient[j] / sum - t[j];                                           \
        }                                                                                         \
    }

GRADIENT(gradient_binary64, double, exp)
GRADIENT(gradient_binary32, float, expf)

int main(void)
{
    char line[512], quantity[32], format[16], targets[16];
    while (fgets(line, sizeof line, stdin)) {
        size_t rows, classes;
        if (sscanf(line,
                   "{\"quantity\": \"%31[^\"]\", \"format\": \"%15[^\"]\", "
                   "\"shapes\": [[%zu, %zu]%*[^\"]\"targets\": \"%15[^\"]\"}",
                   quantity, format, &rows, &classes, targets) != 5) {
            fprintf(stderr, "not a request: %s\n", line);
            return EXIT_FAILURE;
        }
        size_t width = !strcmp(format, "binary64") ? 8 : !strcmp(format, "binary32") ? 4 : 2;
        size_t size = rows * classes * width;
        size_t others = 0; /* Bytes of the arrays behind the logits. */
        for (const char *shape = line; (shape = strstr(shape, "], [")); shape++)
            others += others || strcmp(targets, "index") ? size : rows * 8;
        char *arrays = malloc(size + others + size + 1); /* malloc(0) may be NULL. */
        if (!arrays || fread(arrays, 1, size + others, stdin) != size + others) {
            fputs(arrays ? "the request ends early\n" : "out of memory\n", stderr);
            return EXIT_FAILURE;
        }
        if (strcmp(quantity, "dE/dz") || strcmp(targets, "probability") || width == 2) {
            printf("{\"unsupported\": \"%s of targets %s in %s\"}\n", quantity, targets, format);
        } else {
            char *answer = arrays + size + others;
            if (width == 8)
                gradient_binary64(rows, classes, arrays, arrays + size, answer);
            else
                gradient_binary32(rows, classes, arrays, arrays + size, answer);
            printf("{\"shape\": [%zu, %zu]}\n", rows, classes);
            fwrite(answer, 1, size, stdout);
        }
        fflush(stdout);
        free(arrays);
    }
    return EXIT_SUCCESS;
}
