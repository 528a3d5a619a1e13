/* Runs one Windows command line exactly as it was given and reports how it
 * ended with all 32 bits: a Unix exit status has room for eight.
 *
 * The line comes in the environment and not as an argument, because Wine
 * builds a command line from Unix arguments by rules that cmd.exe does not
 * follow. The report is "exit N" or, if the program could not be started,
 * "start N" with the code of GetLastError.
 *
 * Build: x86_64-w64-mingw32-gcc -Os -s -municode -o wshell.exe wshell.c
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#define LINE_CHARACTERS 32768 /* CreateProcessW takes no more */

static WCHAR command_line[LINE_CHARACTERS];
static WCHAR changes[LINE_CHARACTERS];
static WCHAR report_path[MAX_PATH];

static void report(const char *word, DWORD code)
{
    char text[32];
    HANDLE file;
    DWORD written, divisor = 1000000000;
    int length = 0;

    /* By hand: wsprintf would load user32, which costs more than all the rest. */
    while (*word)
        text[length++] = *word++;
    text[length++] = ' ';
    while (divisor > 1 && code / divisor == 0)
        divisor /= 10;
    for (; divisor > 0; divisor /= 10)
        text[length++] = (char)('0' + code / divisor % 10);
    text[length++] = '\n';

    file = CreateFileW(report_path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                       CREATE_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return;
    WriteFile(file, text, length, &written, NULL);
    CloseHandle(file);
}

/* NAME=VALUE sets a variable, NAME alone removes one; '|' stands between them.
 * Wine gives every program the environment of the first user since its server
 * started, which on Windows is each user's own. */
static void change_environment(WCHAR *change)
{
    while (*change) {
        WCHAR *next = change, *value = NULL;
        for (; *next && *next != '|'; next++)
            if (*next == '=' && !value) {
                *next = 0;
                value = next + 1;
            }
        if (*next)
            *next++ = 0;
        SetEnvironmentVariableW(change, value);
        change = next;
    }
}

int wmain(void)
{
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    DWORD code = 1;

    if (!GetEnvironmentVariableW(L"REFERENCE_GUEST_REPORT", report_path, MAX_PATH) ||
        !GetEnvironmentVariableW(L"REFERENCE_GUEST_COMMAND", command_line, LINE_CHARACTERS))
        return 1;
    if (GetEnvironmentVariableW(L"REFERENCE_GUEST_ENVIRONMENT", changes, LINE_CHARACTERS))
        change_environment(changes);
    SetEnvironmentVariableW(L"REFERENCE_GUEST_ENVIRONMENT", NULL);
    SetEnvironmentVariableW(L"REFERENCE_GUEST_REPORT", NULL);
    SetEnvironmentVariableW(L"REFERENCE_GUEST_COMMAND", NULL);

    startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    startup.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    startup.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    SetHandleInformation(startup.hStdInput, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    SetHandleInformation(startup.hStdOutput, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    SetHandleInformation(startup.hStdError, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);

    if (!CreateProcessW(NULL, command_line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process)) {
        code = GetLastError();
        report("start", code);
        return 1;
    }
    /* Without these the end of a pipe would wait for this process as well. */
    CloseHandle(startup.hStdInput);
    CloseHandle(process.hThread);
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    report("exit", code);
    return (int)code;
}
