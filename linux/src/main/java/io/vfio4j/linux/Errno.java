/* SPDX-License-Identifier: Apache-2.0 */
package io.vfio4j.linux;

import org.jspecify.annotations.Nullable;

/**
 * An error number of Linux, as a value: {@code Errno.EINVAL} prints as {@code EINVAL (22)}.
 *
 * <p>The numbers are those of x86-64 and aarch64 (asm-generic). Any {@code int} may be wrapped,
 * since a peer may send any; one that Linux does not define is named after its number. Immutable.
 *
 * @param number the error number as it stands in {@code errno} and on the wire
 */
public record Errno(int number) {
    private static final @Nullable String[] NAMES = new String[134];
    private static final @Nullable String[] DESCRIPTIONS = new String[134];

    public static final Errno EPERM = define(1, "EPERM", "operation not permitted");
    public static final Errno ENOENT = define(2, "ENOENT", "no such file or directory");
    public static final Errno ESRCH = define(3, "ESRCH", "no such process");
    public static final Errno EINTR = define(4, "EINTR", "interrupted system call");
    public static final Errno EIO = define(5, "EIO", "input/output error");
    public static final Errno ENXIO = define(6, "ENXIO", "no such device or address");
    public static final Errno E2BIG = define(7, "E2BIG", "argument list too long");
    public static final Errno ENOEXEC = define(8, "ENOEXEC", "exec format error");
    public static final Errno EBADF = define(9, "EBADF", "bad file descriptor");
    public static final Errno ECHILD = define(10, "ECHILD", "no child processes");
    public static final Errno EAGAIN = define(11, "EAGAIN", "resource temporarily unavailable");
    public static final Errno ENOMEM = define(12, "ENOMEM", "cannot allocate memory");
    public static final Errno EACCES = define(13, "EACCES", "permission denied");
    public static final Errno EFAULT = define(14, "EFAULT", "bad address");
    public static final Errno ENOTBLK = define(15, "ENOTBLK", "block device required");
    public static final Errno EBUSY = define(16, "EBUSY", "device or resource busy");
    public static final Errno EEXIST = define(17, "EEXIST", "file exists");
    public static final Errno EXDEV = define(18, "EXDEV", "cross-device link");
    public static final Errno ENODEV = define(19, "ENODEV", "no such device");
    public static final Errno ENOTDIR = define(20, "ENOTDIR", "not a directory");
    public static final Errno EISDIR = define(21, "EISDIR", "is a directory");
    public static final Errno EINVAL = define(22, "EINVAL", "invalid argument");
    public static final Errno ENFILE = define(23, "ENFILE", "too many open files in system");
    public static final Errno EMFILE = define(24, "EMFILE", "too many open files");
    public static final Errno ENOTTY = define(25, "ENOTTY", "not a tty or no such ioctl");
    public static final Errno ETXTBSY = define(26, "ETXTBSY", "text file busy");
    public static final Errno EFBIG = define(27, "EFBIG", "file too large");
    public static final Errno ENOSPC = define(28, "ENOSPC", "no space left on device");
    public static final Errno ESPIPE = define(29, "ESPIPE", "illegal seek");
    public static final Errno EROFS = define(30, "EROFS", "read-only file system");
    public static final Errno EMLINK = define(31, "EMLINK", "too many links");
    public static final Errno EPIPE = define(32, "EPIPE", "broken pipe");
    public static final Errno EDOM = define(33, "EDOM", "numerical argument out of domain");
    public static final Errno ERANGE = define(34, "ERANGE", "numerical result out of range");
    public static final Errno EDEADLK = define(35, "EDEADLK", "resource deadlock avoided");
    public static final Errno ENAMETOOLONG = define(36, "ENAMETOOLONG", "file name too long");
    public static final Errno ENOLCK = define(37, "ENOLCK", "no locks available");
    public static final Errno ENOSYS = define(38, "ENOSYS", "function not implemented");
    public static final Errno ENOTEMPTY = define(39, "ENOTEMPTY", "directory not empty");
    public static final Errno ELOOP = define(40, "ELOOP", "too many levels of symbolic links");
    public static final Errno ENOMSG = define(42, "ENOMSG", "no message of desired type");
    public static final Errno EIDRM = define(43, "EIDRM", "identifier removed");
    public static final Errno ECHRNG = define(44, "ECHRNG", "channel number out of range");
    public static final Errno EL2NSYNC = define(45, "EL2NSYNC", "level 2 not synchronized");
    public static final Errno EL3HLT = define(46, "EL3HLT", "level 3 halted");
    public static final Errno EL3RST = define(47, "EL3RST", "level 3 reset");
    public static final Errno ELNRNG = define(48, "ELNRNG", "link number out of range");
    public static final Errno EUNATCH = define(49, "EUNATCH", "protocol driver not attached");
    public static final Errno ENOCSI = define(50, "ENOCSI", "no CSI structure available");
    public static final Errno EL2HLT = define(51, "EL2HLT", "level 2 halted");
    public static final Errno EBADE = define(52, "EBADE", "invalid exchange");
    public static final Errno EBADR = define(53, "EBADR", "invalid request descriptor");
    public static final Errno EXFULL = define(54, "EXFULL", "exchange full");
    public static final Errno ENOANO = define(55, "ENOANO", "no anode");
    public static final Errno EBADRQC = define(56, "EBADRQC", "invalid request code");
    public static final Errno EBADSLT = define(57, "EBADSLT", "invalid slot");
    public static final Errno EBFONT = define(59, "EBFONT", "bad font file format");
    public static final Errno ENOSTR = define(60, "ENOSTR", "device not a stream");
    public static final Errno ENODATA = define(61, "ENODATA", "no data available");
    public static final Errno ETIME = define(62, "ETIME", "timer expired");
    public static final Errno ENOSR = define(63, "ENOSR", "out of streams resources");
    public static final Errno ENONET = define(64, "ENONET", "machine is not on the network");
    public static final Errno ENOPKG = define(65, "ENOPKG", "package not installed");
    public static final Errno EREMOTE = define(66, "EREMOTE", "object is remote");
    public static final Errno ENOLINK = define(67, "ENOLINK", "link has been severed");
    public static final Errno EADV = define(68, "EADV", "advertise error");
    public static final Errno ESRMNT = define(69, "ESRMNT", "Srmount error");
    public static final Errno ECOMM = define(70, "ECOMM", "communication error on send");
    public static final Errno EPROTO = define(71, "EPROTO", "protocol error");
    public static final Errno EMULTIHOP = define(72, "EMULTIHOP", "multihop attempted");
    public static final Errno EDOTDOT = define(73, "EDOTDOT", "RFS specific error");
    public static final Errno EBADMSG = define(74, "EBADMSG", "bad message");
    public static final Errno EOVERFLOW =
            define(75, "EOVERFLOW", "value too large for defined data type");
    public static final Errno ENOTUNIQ = define(76, "ENOTUNIQ", "name not unique on network");
    public static final Errno EBADFD = define(77, "EBADFD", "file descriptor in bad state");
    public static final Errno EREMCHG = define(78, "EREMCHG", "remote address changed");
    public static final Errno ELIBACC =
            define(79, "ELIBACC", "can not access a needed shared library");
    public static final Errno ELIBBAD =
            define(80, "ELIBBAD", "accessing a corrupted shared library");
    public static final Errno ELIBSCN = define(81, "ELIBSCN", ".lib section in a.out corrupted");
    public static final Errno ELIBMAX = define(82, "ELIBMAX", ".lib section in a.out corrupted");
    public static final Errno ELIBEXEC =
            define(83, "ELIBEXEC", "cannot exec a shared library directly");
    public static final Errno EILSEQ =
            define(84, "EILSEQ", "invalid or incomplete multibyte or wide character");
    public static final Errno ERESTART =
            define(85, "ERESTART", "interrupted system call should be restarted");
    public static final Errno ESTRPIPE = define(86, "ESTRPIPE", "streams pipe error");
    public static final Errno EUSERS = define(87, "EUSERS", "too many users");
    public static final Errno ENOTSOCK = define(88, "ENOTSOCK", "socket operation on non-socket");
    public static final Errno EDESTADDRREQ =
            define(89, "EDESTADDRREQ", "destination address required");
    public static final Errno EMSGSIZE = define(90, "EMSGSIZE", "message too long");
    public static final Errno EPROTOTYPE =
            define(91, "EPROTOTYPE", "protocol wrong type for socket");
    public static final Errno ENOPROTOOPT = define(92, "ENOPROTOOPT", "protocol not available");
    public static final Errno EPROTONOSUPPORT =
            define(93, "EPROTONOSUPPORT", "protocol not supported");
    public static final Errno ESOCKTNOSUPPORT =
            define(94, "ESOCKTNOSUPPORT", "socket type not supported");
    public static final Errno EOPNOTSUPP = define(95, "EOPNOTSUPP", "operation not supported");
    public static final Errno EPFNOSUPPORT =
            define(96, "EPFNOSUPPORT", "protocol family not supported");
    public static final Errno EAFNOSUPPORT =
            define(97, "EAFNOSUPPORT", "address family not supported by protocol");
    public static final Errno EADDRINUSE = define(98, "EADDRINUSE", "address already in use");
    public static final Errno EADDRNOTAVAIL =
            define(99, "EADDRNOTAVAIL", "cannot assign requested address");
    public static final Errno ENETDOWN = define(100, "ENETDOWN", "network is down");
    public static final Errno ENETUNREACH = define(101, "ENETUNREACH", "network is unreachable");
    public static final Errno ENETRESET =
            define(102, "ENETRESET", "network dropped connection on reset");
    public static final Errno ECONNABORTED =
            define(103, "ECONNABORTED", "software caused connection abort");
    public static final Errno ECONNRESET = define(104, "ECONNRESET", "connection reset by peer");
    public static final Errno ENOBUFS = define(105, "ENOBUFS", "no buffer space available");
    public static final Errno EISCONN =
            define(106, "EISCONN", "transport endpoint is already connected");
    public static final Errno ENOTCONN =
            define(107, "ENOTCONN", "transport endpoint is not connected");
    public static final Errno ESHUTDOWN =
            define(108, "ESHUTDOWN", "cannot send after transport endpoint shutdown");
    public static final Errno ETOOMANYREFS =
            define(109, "ETOOMANYREFS", "too many references: cannot splice");
    public static final Errno ETIMEDOUT = define(110, "ETIMEDOUT", "connection timed out");
    public static final Errno ECONNREFUSED = define(111, "ECONNREFUSED", "connection refused");
    public static final Errno EHOSTDOWN = define(112, "EHOSTDOWN", "host is down");
    public static final Errno EHOSTUNREACH = define(113, "EHOSTUNREACH", "no route to host");
    public static final Errno EALREADY = define(114, "EALREADY", "operation already in progress");
    public static final Errno EINPROGRESS = define(115, "EINPROGRESS", "operation now in progress");
    public static final Errno ESTALE = define(116, "ESTALE", "stale file handle");
    public static final Errno EUCLEAN = define(117, "EUCLEAN", "structure needs cleaning");
    public static final Errno ENOTNAM = define(118, "ENOTNAM", "not a XENIX named type file");
    public static final Errno ENAVAIL = define(119, "ENAVAIL", "no XENIX semaphores available");
    public static final Errno EISNAM = define(120, "EISNAM", "is a named type file");
    public static final Errno EREMOTEIO = define(121, "EREMOTEIO", "remote I/O error");
    public static final Errno EDQUOT = define(122, "EDQUOT", "disk quota exceeded");
    public static final Errno ENOMEDIUM = define(123, "ENOMEDIUM", "no medium found");
    public static final Errno EMEDIUMTYPE = define(124, "EMEDIUMTYPE", "wrong medium type");
    public static final Errno ECANCELED = define(125, "ECANCELED", "operation canceled");
    public static final Errno ENOKEY = define(126, "ENOKEY", "required key not available");
    public static final Errno EKEYEXPIRED = define(127, "EKEYEXPIRED", "key has expired");
    public static final Errno EKEYREVOKED = define(128, "EKEYREVOKED", "key has been revoked");
    public static final Errno EKEYREJECTED =
            define(129, "EKEYREJECTED", "key was rejected by service");
    public static final Errno EOWNERDEAD = define(130, "EOWNERDEAD", "owner died");
    public static final Errno ENOTRECOVERABLE =
            define(131, "ENOTRECOVERABLE", "state not recoverable");
    public static final Errno ERFKILL =
            define(132, "ERFKILL", "operation not possible due to RF-kill");
    public static final Errno EHWPOISON =
            define(133, "EHWPOISON", "memory page has hardware error");

    /**
     * Returns the error of that number.
     *
     * @param number any number; those that Linux does not define are allowed
     * @return an equal value for equal numbers
     */
    public static Errno of(int number) {
        return new Errno(number);
    }

    /**
     * Returns the symbolic name.
     *
     * @return for example {@code EINVAL}, or {@code errno 4000} for a number without a name
     */
    public String name() {
        return text(NAMES, "errno " + number);
    }

    /**
     * Returns what the error means, in lower case, as a part of a sentence.
     *
     * @return for example {@code invalid argument}
     */
    public String description() {
        return text(DESCRIPTIONS, "unknown error");
    }

    @Override
    public String toString() {
        return name() + " (" + number + ")";
    }

    private String text(@Nullable String[] table, String unknown) {
        String text = number > 0 && number < table.length ? table[number] : null;
        return text == null ? unknown : text;
    }

    private static Errno define(int number, String name, String description) {
        NAMES[number] = name;
        DESCRIPTIONS[number] = description;
        return new Errno(number);
    }
}
