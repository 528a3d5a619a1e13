/* The first program that UEFI firmware starts from the installation medium: it
 * lies as EFI\BOOT\BOOTX64.EFI in the FAT image that the El Torito catalogue
 * names. As on Windows media there are two of it. The one built with PROMPT
 * asks for a key first; without a key it returns EFI_TIMEOUT, and the firmware
 * goes on to its next boot option. Both then start \EFI\BOOT\BOOTX64.EFI of the
 * disc, which they read through its ISO 9660 tree (ECMA-119), because OVMF has
 * no driver for the tree of a CD.
 *
 * Structures: UEFI specification 2.10, chapters 4 (system table), 7 (boot
 * services), 9.1 (loaded image), 10 (device path), 12.3 and 12.4 (text), 13.9
 * (block I/O). Only members that are used have a type. */

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef u64 status;
typedef void *handle;

#define FAILURE 0x8000000000000000ull
#define EFI_DEVICE_ERROR (FAILURE | 7)
#define EFI_NOT_FOUND (FAILURE | 14)
#define EFI_TIMEOUT (FAILURE | 18)

struct guid { u32 a; u16 b, c; u8 d[8]; };

static const struct guid loaded_image_guid =
    {0x5b1b31a1, 0x9562, 0x11d2, {0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
static const struct guid device_path_guid =
    {0x09576e91, 0x6d3f, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};
static const struct guid block_io_guid =
    {0x964e5b21, 0x6459, 0x11d2, {0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b}};

struct device_path { u8 type, subtype, length[2]; };

struct key { u16 scan_code, character; };

struct text_input {
    void *reset;
    status (*read_key)(struct text_input *, struct key *);
    handle key_event;
};

struct text_output {
    void *reset;
    status (*print)(struct text_output *, const u16 *);
};

struct media {
    u32 id;
    u8 removable, present, partition, read_only, write_caching;
    u32 block_bytes;
    u32 alignment;
    u64 last_block;
};

struct block_io {
    u64 revision;
    struct media *media;
    void *reset;
    status (*read)(struct block_io *, u32 media, u64 block, u64 bytes, void *);
};

struct loaded_image {
    u32 revision;
    handle parent;
    void *system;
    handle device;
};

struct boot_services {
    u8 header[24];
    void *task_priority[2], *pages[3];
    status (*allocate)(u32 memory_type, u64 bytes, void **);
    void *free_pool;
    status (*create_event)(u32 type, u64 priority, void *notify, void *context, handle *);
    status (*set_timer)(handle event, u32 kind, u64 hundred_nanoseconds);
    status (*wait)(u64 count, handle *events, u64 *index);
    void *signal_event, *close_event, *check_event, *protocol_interface[3];
    status (*protocol)(handle, const struct guid *, void **);
    void *reserved, *register_notify, *locate_handle;
    status (*locate_device)(const struct guid *, struct device_path **, handle *);
    void *install_table;
    status (*load_image)(u8 by_boot_manager, handle parent, struct device_path *, void *source, u64 bytes, handle *);
    status (*start_image)(handle, u64 *, u16 **);
    void *exit, *unload, *exit_boot_services, *monotonic_count, *stall;
    status (*set_watchdog)(u64 seconds, u64 code, u64 bytes, u16 *text);
};

struct system_table {
    u8 header[24];
    u16 *vendor;
    u32 revision;
    handle input_handle;
    struct text_input *input;
    handle output_handle;
    struct text_output *output;
    handle error_handle;
    struct text_output *error;
    void *runtime;
    struct boot_services *boot;
};

#define LOADER_DATA 2      /* EFI_MEMORY_TYPE EfiLoaderData */
#define TIMER_EVENT 0x80000000u
#define TIMER_PERIODIC 1
#define ONE_SECOND 10000000
#define PROMPT_SECONDS 5

#define SECTOR 2048        /* ECMA-119 6.1.2 as every CD has it */
#define PRIMARY_DESCRIPTOR 16
#define ROOT_RECORD 156    /* ECMA-119 8.4 */
#define READ_AT_ONCE (512 * 1024)

static struct system_table *st;

static void print(const u16 *text) { st->output->print(st->output, text); }

static u32 le32(const u8 *at) { return at[0] | at[1] << 8 | at[2] << 16 | (u32)at[3] << 24; }
static u16 length_of(const struct device_path *node) { return node->length[0] | node->length[1] << 8; }
static struct device_path *after(struct device_path *node) { return (void *)((u8 *)node + length_of(node)); }
static int is_end(const struct device_path *node) { return node->type == 0x7f; }
static int is_cd_rom(const struct device_path *node) { return node->type == 4 && node->subtype == 2; }

static status key_within_seconds(int seconds)
{
    handle events[2] = {st->input->key_event, 0};
    struct key key;
    u64 which;
    status failed = st->boot->create_event(TIMER_EVENT, 0, 0, 0, &events[1]);

    if (failed)
        return failed;
    /* What was typed before the question does not answer it. */
    while (!st->input->read_key(st->input, &key))
        ;
    print(u"Press any key to boot from CD or DVD.");
    st->boot->set_timer(events[1], TIMER_PERIODIC, ONE_SECOND);
    while (seconds--) {
        failed = st->boot->wait(2, events, &which);
        if (failed)
            return failed;
        if (which == 0) {
            print(u"\r\n");
            return 0;
        }
        print(u".");
    }
    print(u"\r\n");
    return EFI_TIMEOUT;
}

static status read_extent(struct block_io *disc, u32 sector, u32 bytes, void **found)
{
    u64 rounded = ((u64)bytes + SECTOR - 1) / SECTOR * SECTOR;
    status failed = st->boot->allocate(LOADER_DATA, rounded, found);

    for (u64 done = 0; !failed && done < rounded; done += READ_AT_ONCE) {
        u64 now = rounded - done < READ_AT_ONCE ? rounded - done : READ_AT_ONCE;
        failed = disc->read(disc, disc->media->id, sector + done / SECTOR, now, (u8 *)*found + done);
    }
    return failed;
}

/* The extent of NAME in a directory; upper case, as ISO 9660 stores names. */
static const u8 *record_in(const u8 *directory, u32 bytes, const char *name)
{
    u32 at = 0;

    while (at + 34 <= bytes) {
        const u8 *record = directory + at;
        u32 i = 0;

        if (record[0] == 0) { /* records do not cross sectors */
            at = (at / SECTOR + 1) * SECTOR;
            continue;
        }
        while (i < record[32] && name[i] && record[33 + i] == (u8)name[i])
            i++;
        if (!name[i] && (i == record[32] || record[33 + i] == ';'))
            return record;
        at += record[0];
    }
    return 0;
}

static status read_boot_program(struct block_io *disc, void **program, u32 *bytes)
{
    static const char *const path[] = {"EFI", "BOOT", "BOOTX64.EFI", 0};
    void *extent;
    const u8 *record;
    status failed = read_extent(disc, PRIMARY_DESCRIPTOR, SECTOR, &extent);

    if (failed)
        return failed;
    record = (const u8 *)extent + ROOT_RECORD;
    for (int i = 0; path[i]; i++) {
        failed = read_extent(disc, le32(record + 2), le32(record + 10), &extent);
        if (failed)
            return failed;
        record = record_in(extent, le32(record + 10), path[i]);
        if (!record)
            return EFI_NOT_FOUND;
    }
    *bytes = le32(record + 10);
    return read_extent(disc, le32(record + 2), *bytes, program);
}

/* The path of the disc, followed by the path of the program on it. */
static status path_on_disc(struct device_path *boot_image, struct device_path **made)
{
    static const u16 file[] = u"\\EFI\\BOOT\\BOOTX64.EFI";
    struct device_path *node = boot_image;
    u64 head;
    u8 *to;
    status failed;

    while (!is_end(node) && !is_cd_rom(node))
        node = after(node);
    if (is_end(node))
        return EFI_NOT_FOUND;
    head = (u8 *)node - (u8 *)boot_image;
    failed = st->boot->allocate(LOADER_DATA, head + 8 + sizeof file, (void **)&to);
    if (failed)
        return failed;
    *made = (void *)to;
    for (u64 i = 0; i < head; i++)
        *to++ = ((u8 *)boot_image)[i];
    *to++ = 4; /* media, file path: UEFI 10.3.5.4 */
    *to++ = 4;
    *to++ = 4 + sizeof file;
    *to++ = 0;
    for (u64 i = 0; i < sizeof file; i++)
        *to++ = ((const u8 *)file)[i];
    *to++ = 0x7f;
    *to++ = 0xff;
    *to++ = 4;
    *to++ = 0;
    return 0;
}

static status start_from_disc(handle self)
{
    struct loaded_image *image;
    struct device_path *boot_image, *path, *rest;
    struct block_io *disc;
    handle device, program;
    void *bytes;
    u32 size = 0;
    status failed;

    if ((failed = st->boot->protocol(self, &loaded_image_guid, (void **)&image)) ||
        (failed = st->boot->protocol(image->device, &device_path_guid, (void **)&boot_image)) ||
        (failed = path_on_disc(boot_image, &path)))
        return failed;
    rest = path;
    if ((failed = st->boot->locate_device(&block_io_guid, &rest, &device)) ||
        (failed = st->boot->protocol(device, &block_io_guid, (void **)&disc)))
        return failed;
    if (disc->media->block_bytes != SECTOR)
        return EFI_DEVICE_ERROR;
    if ((failed = read_boot_program(disc, &bytes, &size)) ||
        (failed = st->boot->load_image(0, self, path, bytes, size, &program)))
        return failed;
    return st->boot->start_image(program, 0, 0);
}

status efi_main(handle self, struct system_table *system)
{
    status failed = 0;

    st = system;
    /* The firmware's watchdog of five minutes is for boot programs; what is
     * started here is an installation. */
    st->boot->set_watchdog(0, 0, 0, 0);
#ifdef PROMPT
    failed = key_within_seconds(PROMPT_SECONDS);
#else
    (void)key_within_seconds;
#endif
    if (!failed) {
        failed = start_from_disc(self);
        print(u"The disc's \\EFI\\BOOT\\BOOTX64.EFI cannot be started.\r\n");
    }
    return failed;
}
