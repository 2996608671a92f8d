/* Calls a function of processors.mojo: its two inputs on standard input, and there comes the output.

   Arguments: which, 0 or 1; the bytes of the inputs and of the output; its other arguments. */
#include <stdio.h>
#include <stdlib.h>

typedef void function(long format, void *output, void *x, void *other, long, long, long);
function multiply, attend;

/* The functions of Mojo's runtime that they need. */
void *KGEN_CompilerRT_AlignedAlloc(size_t alignment, size_t size) {
    return aligned_alloc(64, (size + 63) / 64 * 64); /* nothing asks for more than a cache line */
}

void KGEN_CompilerRT_AlignedFree(void *pointer) { free(pointer); }

long KGEN_CompilerRT_GetStackTrace(void) { return 0; } /* of an error: there is none */

static void *take(long bytes) {
    void *pointer = KGEN_CompilerRT_AlignedAlloc(64, bytes);
    return fread(pointer, 1, bytes, stdin) == (size_t)bytes ? pointer : NULL;
}

int main(int count, char **arguments) {
    long numbers[8];
    for (int i = 0; i < 8; i++)
        numbers[i] = i + 1 < count ? atol(arguments[i + 1]) : 0;
    void *x = take(numbers[1]), *other = take(numbers[2]), *output = calloc(numbers[3], 1);
    if (!x || !other || !output)
        return 1;
    function *chosen = numbers[0] ? attend : multiply;
    chosen(numbers[4], output, x, other, numbers[5], numbers[6], numbers[7]);
    return fwrite(output, 1, numbers[3], stdout) != (size_t)numbers[3];
}
