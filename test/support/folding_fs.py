"""
A file system that ignores case and how letters are composed in names, as those of macOS and Windows do: a view of a folder,
mounted through FUSE until the process gets SIGTERM. As on HFS+, names keep their case, and accents are kept apart from
their letters.

    python folding_fs.py FOLDER MOUNT_POINT
"""

import argparse
import errno
import os
import unicodedata

import mfusepy as fuse


def folded(name):
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


class Folding(fuse.Operations):
    use_ns = True

    def __init__(self, root):
        self.root = root

    def real(self, path):
        """The file of a path, or where it would be made."""
        real = self.root
        for name in filter(None, path.split("/")):
            direct = os.path.join(real, name)
            if not os.path.lexists(direct):
                wanted = folded(name)
                try:
                    alike = [one for one in os.listdir(real) if folded(one) == wanted]
                except OSError:
                    alike = []
                direct = os.path.join(real, alike[0] if alike else unicodedata.normalize("NFD", name))
            real = direct
        return real

    def getattr(self, path, fh=None):
        found = os.lstat(self.real(path)) if fh is None else os.fstat(fh)
        names = ("st_mode", "st_ino", "st_nlink", "st_uid", "st_gid", "st_size", "st_blocks")
        times = {f"st_{one}": getattr(found, f"st_{one}_ns") for one in ("atime", "mtime", "ctime")}
        return {name: getattr(found, name) for name in names} | times

    def readdir(self, path, fh):
        # With their numbers: entries without one are not listed.
        with os.scandir(self.real(path)) as entries:
            found = [(one.name, {"st_ino": one.inode(), "st_mode": 0}, 0) for one in entries]
        return [(".", {"st_ino": 1}, 0), ("..", {"st_ino": 1}, 0), *found]

    def access(self, path, mode):
        if not os.access(self.real(path), mode):
            raise fuse.FuseOSError(errno.EACCES)
        return 0

    def open(self, path, flags):
        return os.open(self.real(path), flags)

    def create(self, path, mode, fi=None):
        return os.open(self.real(path), os.O_RDWR | os.O_CREAT, mode)

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(self.real(path) if fh is None else fh, length)
        return 0

    def fsync(self, path, datasync, fh):
        os.fsync(fh)
        return 0

    def release(self, path, fh):
        os.close(fh)
        return 0

    def unlink(self, path):
        os.unlink(self.real(path))
        return 0

    def mkdir(self, path, mode):
        os.mkdir(self.real(path), mode)
        return 0

    def rmdir(self, path):
        os.rmdir(self.real(path))
        return 0

    def rename(self, old, new, flags=0):
        source = self.real(old)
        target = self.real(new)
        if target == source:  # Only the case changes.
            name = unicodedata.normalize("NFD", os.path.basename(new))
            target = os.path.join(os.path.dirname(source), name)
        os.rename(source, target)
        return 0

    def symlink(self, target, source):
        os.symlink(source, self.real(target))
        return 0

    def readlink(self, path):
        return os.readlink(self.real(path))

    def link(self, target, source):
        os.link(self.real(source), self.real(target))
        return 0

    def chmod(self, path, mode):
        os.chmod(self.real(path), mode)
        return 0

    def chown(self, path, uid, gid):
        os.chown(self.real(path), uid, gid, follow_symlinks=False)
        return 0

    def utimens(self, path, times=None):
        os.utime(self.real(path), ns=times, follow_symlinks=False)
        return 0

    def statfs(self, path):
        found = os.statvfs(self.real(path))
        return {name: getattr(found, name) for name in dir(found) if name.startswith("f_") and name != "f_fsid"}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("mount_point")
    given = parser.parse_args()
    fuse.FUSE(
        Folding(os.path.realpath(given.folder)),
        given.mount_point,
        foreground=True,
        nothreads=True,
        fsname="folding",
        use_ino=True,
    )
