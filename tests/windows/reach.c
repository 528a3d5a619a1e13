/* What a guest reaches: one attempt per three words, one line about each.
 *
 *   reach.exe tcp ADDRESS PORT   udp ADDRESS PORT   …
 *   reach.exe serve PORT TEXT    answers one connection with a text
 *
 * A line ends in `heard TEXT`, `refused`, `silent` or `no address`. The other
 * side speaks first over TCP, and answers a datagram over UDP.
 *
 * Build: x86_64-w64-mingw32-gcc -O2 -s -o reach.exe reach.c -lws2_32
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>
#include <ws2tcpip.h>

#define PATIENCE_SECONDS 8 /* a translated guest needs one for an answer */

/* Whether the socket becomes writable, or readable, in time. */
static int becomes(SOCKET s, int writable)
{
    struct timeval patience = { PATIENCE_SECONDS, 0 };
    fd_set wanted, failed;

    FD_ZERO(&wanted);
    FD_SET(s, &wanted);
    failed = wanted;
    return select(0, writable ? NULL : &wanted, writable ? &wanted : NULL, &failed, &patience) > 0
        && FD_ISSET(s, &wanted);
}

static const char *attempt(int type, const char *address, const char *port)
{
    static char heard[300];
    struct addrinfo hints, *found;
    int error = 0, length = sizeof error;
    u_long nonblocking = 1;
    SOCKET s;

    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = type;
    if (getaddrinfo(address, port, &hints, &found) != 0)
        return "no address";
    s = socket(found->ai_family, type, 0);
    ioctlsocket(s, FIONBIO, &nonblocking);
    connect(s, found->ai_addr, (int)found->ai_addrlen);
    if (!becomes(s, 1)) {
        getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&error, &length);
        return error == 0 ? "silent" : "refused";
    }
    if (type == SOCK_DGRAM)
        send(s, "?", 1, 0);
    if (!becomes(s, 0))
        return "silent";
    length = recv(s, heard + 6, sizeof heard - 7, 0);
    if (length <= 0)
        return "refused";
    memcpy(heard, "heard ", 6);
    heard[6 + length] = 0;
    return heard;
}

static int serve(const char *port, const char *text)
{
    struct sockaddr_in here;
    SOCKET listening = socket(AF_INET, SOCK_STREAM, 0), s;

    memset(&here, 0, sizeof here);
    here.sin_family = AF_INET;
    here.sin_port = htons((u_short)atoi(port));
    if (bind(listening, (struct sockaddr *)&here, sizeof here) != 0 || listen(listening, 1) != 0)
        return 1;
    s = accept(listening, NULL, NULL);
    send(s, text, (int)strlen(text), 0);
    shutdown(s, SD_SEND);
    closesocket(s);
    return 0;
}

int main(int count, char **words)
{
    WSADATA data;

    if (WSAStartup(MAKEWORD(2, 2), &data) != 0)
        return 2;
    if (count == 4 && strcmp(words[1], "serve") == 0)
        return serve(words[2], words[3]);
    for (words++; words[0] && words[1] && words[2]; words += 3) {
        int type = strcmp(words[0], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
        printf("%s %s %s: %s\n", words[0], words[1], words[2], attempt(type, words[1], words[2]));
        fflush(stdout);
    }
    return 0;
}
