/* What the C tests share: the error of the last call, a check that ends the program, and what a refusal has
 * to be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <triton_client.h>

static triton_error *error = NULL;

#define CHECK(condition)                                                        \
    do {                                                                        \
        if (!(condition)) {                                                     \
            fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition, \
                    triton_error_message(error));                               \
            exit(1);                                                            \
        }                                                                       \
    } while (0)

/* Frees the error of a call that was to fail with this status and to say this. */
static inline void refused(triton_status status, triton_status expected, const char *hint) {
    CHECK(status == expected && triton_error_status(error) == expected);
    CHECK(strstr(triton_error_message(error), hint) != NULL);
    triton_error_free(error);
    error = NULL;
}
