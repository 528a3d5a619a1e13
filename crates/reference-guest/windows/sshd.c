/* The service "sshd": while it is SERVICE_RUNNING the init listens on port 22.
 * The connection to the init is the service's life: the init listens while it
 * is open, so that a killed service cannot leave the port open. One byte before
 * its end says that the service was stopped: sessions go on, as on Windows.
 *
 * Build: x86_64-w64-mingw32-gcc -Os -s -municode -o sshd.exe sshd.c -lws2_32 -ladvapi32
 */
#include "init-protocol.h"

static WCHAR service_name[] = L"sshd";
static SERVICE_STATUS_HANDLE status_handle;
static SERVICE_STATUS status = {.dwServiceType = SERVICE_WIN32_OWN_PROCESS};
static HANDLE stop_wanted;

static void tell(DWORD state, DWORD error)
{
    status.dwCurrentState = state;
    status.dwWin32ExitCode = error;
    status.dwControlsAccepted = state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0;
    SetServiceStatus(status_handle, &status);
}

static DWORD WINAPI control(DWORD code, DWORD type, void *data, void *context)
{
    (void)type, (void)data, (void)context;
    if (code == SERVICE_CONTROL_STOP || code == SERVICE_CONTROL_SHUTDOWN)
        SetEvent(stop_wanted);
    return NO_ERROR;
}

static void WINAPI service_main(DWORD count, WCHAR **arguments)
{
    static const char request[] = "sshd";
    DWORD length = sizeof request, listening = 0;
    SOCKET init;

    (void)count, (void)arguments;
    status_handle = RegisterServiceCtrlHandlerExW(service_name, control, NULL);
    stop_wanted = CreateEventW(NULL, TRUE, FALSE, NULL);
    tell(SERVICE_START_PENDING, NO_ERROR);
    init = init_connect();
    if (init == INVALID_SOCKET || !init_send(init, &length, 4) || !init_send(init, request, sizeof request) ||
        !init_receive(init, &listening, 4) || !listening) {
        tell(SERVICE_STOPPED, ERROR_SERVICE_NOT_ACTIVE);
        return;
    }
    tell(SERVICE_RUNNING, NO_ERROR);
    WaitForSingleObject(stop_wanted, INFINITE);
    init_send(init, "", 1);
    closesocket(init);
    tell(SERVICE_STOPPED, NO_ERROR);
}

int wmain(void)
{
    SERVICE_TABLE_ENTRYW table[] = {{service_name, service_main}, {NULL, NULL}};
    return StartServiceCtrlDispatcherW(table) ? 0 : (int)GetLastError();
}
