/*
 * What the C library makes of addresses. Standard input is read to its end.
 *   inet libc   -> status 3 if the C library is not glibc: musl and the BSDs read and write some addresses otherwise
 *   inet pton   text, each ended by a NUL -> for each: which of inet_pton(AF_INET) (1), inet_pton(AF_INET6) (2) and inet_aton (4) took
 *               it, one byte; their 4, 16 and 4 bytes, zeros where they did not
 *   inet ntop   16 bytes each -> for each: inet_ntop(AF_INET) of the first 4 and inet_ntop(AF_INET6), in 46 bytes each, filled with NULs
 */
#define _DEFAULT_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void put(const void *bytes, size_t size) {
    if (fwrite(bytes, 1, size, stdout) != size) exit(1);
}

static void pton(const char *text) {
    unsigned char out[25] = {0};
    struct in_addr four, aton;
    struct in6_addr six;
    if (inet_pton(AF_INET, text, &four) == 1) {
        out[0] |= 1;
        memcpy(out + 1, &four, 4);
    }
    if (inet_pton(AF_INET6, text, &six) == 1) {
        out[0] |= 2;
        memcpy(out + 5, &six, 16);
    }
    if (inet_aton(text, &aton)) {
        out[0] |= 4;
        memcpy(out + 21, &aton, 4);
    }
    put(out, sizeof out);
}

static void ntop(const unsigned char *bytes) {
    char text[2][INET6_ADDRSTRLEN] = {{0}};
    if (!inet_ntop(AF_INET, bytes, text[0], sizeof text[0])) exit(1);
    if (!inet_ntop(AF_INET6, bytes, text[1], sizeof text[1])) exit(1);
    put(text, sizeof text);
}

int main(int argc, char **argv) {
    size_t size = 0, room = 1 << 16, n;
    char *in = malloc(room);
    if (argc != 2 || !in) return 2;
#ifndef __GLIBC__
    return 3;
#endif
    if (strcmp(argv[1], "libc") == 0) return 0;
    while ((n = fread(in + size, 1, room - size, stdin)) > 0) {
        size += n;
        if (size == room && !(in = realloc(in, room *= 2))) return 2;
    }
    if (strcmp(argv[1], "pton") == 0) {
        for (size_t at = 0; at < size; at += strlen(in + at) + 1) pton(in + at);
    } else {
        for (size_t at = 0; at + 16 <= size; at += 16) ntop((unsigned char *)in + at);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
