/* A console program for Windows: says which Windows it finds itself on. */
#include <stdio.h>
#include <windows.h>

int main(void)
{
    char computer[MAX_COMPUTERNAME_LENGTH + 1] = "?";
    DWORD length = sizeof computer;

    GetComputerNameA(computer, &length);
    printf("Hello from a Windows program on %s, process %lu\n", computer, GetCurrentProcessId());
    return 0;
}
