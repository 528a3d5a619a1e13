/* One program under many names: each is a program that Windows has and Wine
 * only pretends to have. It knows nothing itself; the init decides what the
 * command line means and says what is to be done, or refuses it loudly.
 *
 * Build: x86_64-w64-mingw32-gcc -Os -s -municode -o stand-in.exe stand-in.c -lws2_32 -ladvapi32
 */
#include "init-protocol.h"
#include <winioctl.h>

#define REQUEST_BYTES 131072

static char request[REQUEST_BYTES];
static int request_length;

static void add_field(const WCHAR *text)
{
    int room = REQUEST_BYTES - request_length;
    int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, request + request_length, room, NULL, NULL);
    if (length <= 0 && room > 0) {
        request[request_length] = 0;
        length = 1;
    }
    request_length += length;
}

static void write_all(DWORD which, const char *bytes, DWORD length)
{
    HANDLE stream = GetStdHandle(which);
    DWORD written;
    while (length > 0 && WriteFile(stream, bytes, length, &written, NULL) && written > 0) {
        bytes += written;
        length -= written;
    }
}

static DWORD run(const char *line)
{
    static WCHAR wide[32768];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD code;

    MultiByteToWideChar(CP_UTF8, 0, line, -1, wide, 32768);
    if (!CreateProcessW(NULL, wide, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process))
        return GetLastError();
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    return code;
}

/* Waits until the service leaves a pending state, as Windows' own net.exe does. */
static DWORD settled(SC_HANDLE service, DWORD pending, DWORD wanted)
{
    SERVICE_STATUS status = {0};
    for (int round = 0; round < 300; round++) {
        if (!QueryServiceStatus(service, &status))
            return GetLastError();
        if (status.dwCurrentState != pending)
            break;
        Sleep(100);
    }
    if (status.dwCurrentState == wanted)
        return ERROR_SUCCESS;
    return status.dwWin32ExitCode ? status.dwWin32ExitCode : ERROR_SERVICE_REQUEST_TIMEOUT;
}

static DWORD make_service(SC_HANDLE manager, const char *name)
{
    const char *type = name + lstrlenA(name) + 1;
    const char *display = type + 1;
    const char *program = display + lstrlenA(display) + 1;
    SC_HANDLE service = CreateServiceA(manager, name, *display ? display : name, SERVICE_ALL_ACCESS,
                                       SERVICE_WIN32_OWN_PROCESS, (DWORD)(type[0] - '0'), SERVICE_ERROR_NORMAL,
                                       program, NULL, NULL, NULL, NULL, NULL);
    if (!service)
        return GetLastError();
    CloseServiceHandle(service);
    return ERROR_SUCCESS;
}

static DWORD act_on_service(SC_HANDLE service, char kind, const char *name)
{
    SERVICE_STATUS status = {0};
    DWORD type = (DWORD)(name[lstrlenA(name) + 1] - '0');

    switch (kind) {
    case 's':
        return StartServiceW(service, 0, NULL) ? settled(service, SERVICE_START_PENDING, SERVICE_RUNNING)
                                               : GetLastError();
    case 't':
        return ControlService(service, SERVICE_CONTROL_STOP, &status)
                   ? settled(service, SERVICE_STOP_PENDING, SERVICE_STOPPED)
                   : GetLastError();
    case 'd':
        return DeleteService(service) ? ERROR_SUCCESS : GetLastError();
    case 'q':
        return QueryServiceStatus(service, &status) ? status.dwCurrentState : 0;
    default:
        return ChangeServiceConfigW(service, SERVICE_NO_CHANGE, type, SERVICE_NO_CHANGE, NULL, NULL, NULL, NULL,
                                    NULL, NULL, NULL)
                   ? ERROR_SUCCESS
                   : GetLastError();
    }
}

static DWORD with_service(char kind, const char *name)
{
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
    SC_HANDLE service;
    DWORD result;

    if (!manager)
        return kind == 'q' ? 0 : GetLastError();
    if (kind == 'n') {
        result = make_service(manager, name);
    } else {
        service = OpenServiceA(manager, name, SERVICE_ALL_ACCESS);
        if (service) {
            result = act_on_service(service, kind, name);
            CloseServiceHandle(service);
        } else {
            result = kind == 'q' ? 0 : GetLastError();
        }
    }
    CloseServiceHandle(manager);
    return result;
}

static WCHAR *widened(const char *text)
{
    int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    WCHAR *wide = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, (size_t)length * sizeof *wide + sizeof *wide);
    if (wide)
        MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, length);
    return wide;
}

/* One operation on the registry; the answer of `g` is followed by the value's type, length and bytes. */
static void with_registry(SOCKET init, const char *payload, DWORD payload_length)
{
    static const struct { char letter; HKEY key; } roots[] = {
        {'m', HKEY_LOCAL_MACHINE}, {'u', HKEY_CURRENT_USER}, {'c', HKEY_CLASSES_ROOT}, {'a', HKEY_USERS}};
    const char kind = payload[0];
    const char *key_text = payload + 6, *name_text = key_text + lstrlenA(key_text) + 1;
    const char *data = name_text + lstrlenA(name_text) + 1;
    WCHAR *key_name = widened(key_text), *name = widened(name_text);
    DWORD header[3] = {ERROR_SUCCESS, 0, 0}, type;
    BYTE *value = NULL;
    HKEY root = NULL, key = NULL;
    LSTATUS status = ERROR_INVALID_HANDLE;

    CopyMemory(&type, payload + 2, sizeof type);
    for (int index = 0; index < 4; index++)
        if (roots[index].letter == payload[1])
            root = roots[index].key;
    if (root && key_name && name)
        status = kind == 's' || kind == 'n'
                     ? RegCreateKeyExW(root, key_name, 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL)
                     : RegOpenKeyExW(root, key_name, 0, KEY_READ | KEY_WRITE | DELETE, &key);
    if (!status && kind == 's')
        status = RegSetValueExW(key, name, 0, type, (const BYTE *)data, payload_length - (DWORD)(data - payload));
    if (!status && kind == 'g') {
        status = RegQueryValueExW(key, name, NULL, &header[1], NULL, &header[2]);
        value = status ? NULL : HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, header[2] + 1);
        if (value)
            status = RegQueryValueExW(key, name, NULL, &header[1], value, &header[2]);
    }
    if (!status && kind == 'd')
        status = RegDeleteValueW(key, name);
    if (key)
        RegCloseKey(key);
    if (!status && kind == 't')
        status = RegDeleteTreeW(root, key_name);
    header[0] = (DWORD)status;
    init_send(init, header, kind == 'g' && value && !status ? sizeof header : sizeof *header);
    if (kind == 'g' && value && !status)
        init_send(init, value, (int)header[2]);
}

static void tell_variable(SOCKET init, const char *name)
{
    static WCHAR value[32768];
    static char text[98304];
    WCHAR *wide = widened(name);
    DWORD length = 0;

    if (wide && GetEnvironmentVariableW(wide, value, 32768))
        length = (DWORD)WideCharToMultiByte(CP_UTF8, 0, value, -1, text, sizeof text, NULL, NULL) - 1;
    init_send(init, &length, 4);
    init_send(init, text, (int)length);
}

/* Wine's mount manager takes drives by a request of its own, which mingw's headers lack. */
#define DEFINE_UNIX_DRIVE 0x6dc080
struct unix_drive {
    ULONG size, type, fs_type, serial;
    ULONGLONG unix_dev;
    WCHAR letter;
    USHORT mount_point_offset, device_offset, label_offset;
    char text[];
};

static DWORD define_drive(const char *payload, DWORD length)
{
    HANDLE manager = CreateFileW(L"\\\\.\\MountPointManager", GENERIC_READ | GENERIC_WRITE,
                                 FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    DWORD size = (DWORD)sizeof(struct unix_drive) + length, unused, result = ERROR_SUCCESS;
    struct unix_drive *drive = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, size);

    if (manager == INVALID_HANDLE_VALUE || !drive)
        return GetLastError();
    drive->size = size;
    drive->type = (ULONG)(payload[1] - '0');
    drive->letter = (WCHAR)payload[0];
    if (drive->type != DRIVE_NO_ROOT_DIR) {
        CopyMemory(drive->text, payload + 2, length - 1);
        drive->mount_point_offset = sizeof *drive;
        drive->device_offset = (USHORT)(sizeof *drive + (unsigned)lstrlenA(drive->text) + 1);
    }
    if (!DeviceIoControl(manager, DEFINE_UNIX_DRIVE, drive, size, NULL, 0, &unused, NULL))
        result = GetLastError();
    CloseHandle(manager);
    return result;
}

static int unreachable(void)
{
    static const char text[] = "the reference guest's init does not answer\r\n";
    write_all(STD_ERROR_HANDLE, text, sizeof text - 1);
    return 50;
}

int wmain(void)
{
    static WCHAR text[32768];
    SOCKET init = init_connect();
    DWORD length;

    if (init == INVALID_SOCKET)
        return unreachable();
    add_field(L"stand-in");
    GetModuleFileNameW(NULL, text, 32768);
    add_field(text);
    GetCurrentDirectoryW(32768, text);
    add_field(text);
    length = 32768;
    text[0] = 0;
    GetUserNameW(text, &length);
    add_field(text);
    add_field(GetCommandLineW());
    length = (DWORD)request_length;
    if (!init_send(init, &length, 4) || !init_send(init, request, request_length))
        return unreachable();

    for (;;) {
        char kind, *payload;
        DWORD answer;
        if (!init_receive(init, &kind, 1) || !init_receive(init, &length, 4))
            return unreachable();
        payload = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, length + 2);
        if (!payload || !init_receive(init, payload, (int)length))
            return unreachable();
        switch (kind) {
        case 'o':
            write_all(STD_OUTPUT_HANDLE, payload, length);
            break;
        case 'e':
            write_all(STD_ERROR_HANDLE, payload, length);
            break;
        case 'x':
            CopyMemory(&answer, payload, 4);
            return (int)answer;
        case 'r':
            answer = run(payload);
            init_send(init, &answer, 4);
            break;
        case 'k':
            with_registry(init, payload, length);
            break;
        case 'm':
            answer = define_drive(payload, length);
            init_send(init, &answer, 4);
            break;
        case 'v':
            tell_variable(init, payload);
            break;
        default:
            answer = with_service(kind, payload);
            init_send(init, &answer, 4);
        }
        HeapFree(GetProcessHeap(), 0, payload);
    }
}
