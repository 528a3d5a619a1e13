/* reader.exe all FILE: milliseconds for FILE from end to end.
   reader.exe some FILE: microseconds, on average, for 4 KiB at a place chosen by chance. */
#include <stdio.h>
#include <string.h>
#include <windows.h>

static char buffer[1 << 20];

int main(int count, char **words)
{
    LARGE_INTEGER frequency, began, ended, size, at;
    unsigned long long chance = 88172645463325252ULL, microseconds;
    DWORD got;
    int reads = 500, round;
    if (count != 3) return 2;
    HANDLE file = CreateFileA(words[2], GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE || !GetFileSizeEx(file, &size)) { fprintf(stderr, "%s: %lu\n", words[2], GetLastError()); return 1; }
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&began);
    if (strcmp(words[1], "all") == 0) {
        long long sum = 0;
        while (ReadFile(file, buffer, sizeof buffer, &got, NULL) && got > 0) sum += got;
        if (sum != size.QuadPart) return 1;
    } else {
        for (round = 0; round < reads; round++) {
            chance ^= chance << 13; chance ^= chance >> 7; chance ^= chance << 17;
            at.QuadPart = (long long)(chance % (unsigned long long)(size.QuadPart - 4096)) & ~4095LL;
            if (!SetFilePointerEx(file, at, NULL, FILE_BEGIN) || !ReadFile(file, buffer, 4096, &got, NULL) || got != 4096) return 1;
        }
    }
    QueryPerformanceCounter(&ended);
    microseconds = (unsigned long long)(ended.QuadPart - began.QuadPart) * 1000000ULL / (unsigned long long)frequency.QuadPart;
    printf("%llu\n", strcmp(words[1], "all") == 0 ? microseconds / 1000 : microseconds / (unsigned long long)reads);
    return 0;
}
