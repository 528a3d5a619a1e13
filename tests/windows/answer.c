// A program of the tests that says what it is told to, exactly.
//
//   answer exit CODE    ends with that code, all 32 bits of it
//   answer crash        ends by an access violation
//   answer bytes COUNT  writes COUNT times every byte from 0 to 255
//   answer copy         copies standard input to standard output
//   answer random       writes 32 bytes of the system's random numbers, in hexadecimal
//   answer fill FILE    writes to FILE until there is no room, ends with the system's error
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <ntsecapi.h>

static int fill(const char *name) {
  static char block[1 << 20];
  HANDLE file = CreateFileA(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
  if (file == INVALID_HANDLE_VALUE) return 2;
  // Not zeros, which a disk may leave out.
  memset(block, 'x', sizeof block);
  for (;;) {
    DWORD written;
    if (!WriteFile(file, block, sizeof block, &written, NULL)) break;
    if (written < sizeof block) { SetLastError(ERROR_DISK_FULL); break; }
  }
  DWORD error = GetLastError();
  CloseHandle(file);
  return (int)error;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "", *value = argc > 2 ? argv[2] : "";
  _setmode(0, _O_BINARY);
  _setmode(1, _O_BINARY);
  if (!strcmp(what, "exit")) ExitProcess((UINT)strtoul(value, NULL, 0));
  if (!strcmp(what, "crash")) { int *volatile nowhere = NULL; *nowhere = 1; }
  if (!strcmp(what, "bytes")) {
    for (long count = atol(value); count > 0; count--)
      for (int byte = 0; byte < 256; byte++) putchar(byte);
    return 0;
  }
  if (!strcmp(what, "copy")) {
    static char buffer[1 << 16];
    size_t count;
    while ((count = fread(buffer, 1, sizeof buffer, stdin)) > 0) fwrite(buffer, 1, count, stdout);
    return 0;
  }
  if (!strcmp(what, "random")) {
    unsigned char drawn[32];
    if (!RtlGenRandom(drawn, sizeof drawn)) return 1;
    for (size_t at = 0; at < sizeof drawn; at++) printf("%02x", drawn[at]);
    return 0;
  }
  if (!strcmp(what, "fill")) return fill(value);
  return 87; // ERROR_INVALID_PARAMETER
}
