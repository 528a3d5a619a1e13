/* How a Windows program in the guest talks to the guest's init.
 *
 * One TCP connection to 127.0.0.1, port INIT_PORT. The program sends one
 * request: a length (32 bits, little endian) and that many bytes of UTF-8,
 * fields ended by NUL. The init answers with frames: one byte for the kind, a
 * length (32 bits, little endian), a payload.
 *
 *   o, e   write the payload to standard output, standard error
 *   r      run the payload as a command line; answer its exit code
 *   s, t   start, stop the service named; answer a Win32 error code
 *   c      change the service NAME NUL START-TYPE; answer a Win32 error code
 *   n      make the service NAME NUL START-TYPE DISPLAY-NAME NUL PROGRAM; answer a Win32 error code
 *   d      delete the service named; answer a Win32 error code
 *   q      answer the state of the service named (dwCurrentState), 0 if there is none
 *   k      do with the registry OPERATION ROOT TYPE KEY NUL NAME NUL DATA; answer a Win32 error code.
 *          OPERATION is n (make the key), o (open it), s (set a value), g (get), d (delete), t (delete the key
 *          and all below it). ROOT is m (HKEY_LOCAL_MACHINE), u (HKEY_CURRENT_USER), c (HKEY_CLASSES_ROOT) or
 *          a (HKEY_USERS). TYPE is a 32-bit REG_ number. Behind the answer 0 to g come the value's
 *          type, its length, its bytes.
 *   v      answer the length and the UTF-8 text of the environment variable named
 *   m      tell Wine of the drive LETTER TYPE MOUNT NUL DEVICE; answer a Win32 error code. TYPE is the digit of
 *          GetDriveType; 1 is a letter that is none any more
 *   x      end with the exit code in the payload
 *
 * An answer is 32 bits, little endian.
 */
#define INIT_PORT 4750

#define WIN32_LEAN_AND_MEAN
#include <winsock2.h>
#include <windows.h>

static SOCKET init_connect(void)
{
    struct sockaddr_in address = {0};
    WSADATA data;
    SOCKET init;

    if (WSAStartup(MAKEWORD(2, 2), &data))
        return INVALID_SOCKET;
    init = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_family = AF_INET;
    address.sin_port = htons(INIT_PORT);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (init != INVALID_SOCKET && connect(init, (struct sockaddr *)&address, sizeof address)) {
        closesocket(init);
        init = INVALID_SOCKET;
    }
    return init;
}

static int init_send(SOCKET init, const void *bytes, int length)
{
    const char *at = bytes;
    while (length > 0) {
        int sent = send(init, at, length, 0);
        if (sent <= 0)
            return 0;
        at += sent;
        length -= sent;
    }
    return 1;
}

static int init_receive(SOCKET init, void *bytes, int length)
{
    char *at = bytes;
    while (length > 0) {
        int got = recv(init, at, length, 0);
        if (got <= 0)
            return 0;
        at += got;
        length -= got;
    }
    return 1;
}
