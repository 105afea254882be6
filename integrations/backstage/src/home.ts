import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';

const HOME = /^[0-9a-f]{8}-[0-9a-f]{8}$/;
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const SOCKET = 'alive';
const TOUCHED = 'touched';
/** What a socket's name may have on every system; a longer one is cut off without a word. */
const MAX_SOCKET_PATH = 103;
/** A process on another machine whose folder has not changed for so long is dead. Each changes its own every minute. */
const LEASE = 600_000;

/** What was found beside one's own folder: files that are ours now, and how many processes that live. */
export type Found = { files: string[]; neighbours: number };

/**
 * The folder of one process beneath the spool's. A socket in it says whether its process lives: it dies with it, and
 * means the same in every container of a machine, as process ids do not. Names are random, so that there is nothing to
 * quarrel about. What a dead process left is renamed into the folder of whoever comes first, which only one can be.
 */
export class Home {
  #isLooking = false;

  private constructor(readonly root: string, readonly name: string) {}

  get folder(): string {
    return join(this.root, this.name);
  }

  /** Makes a folder; fails where no socket can be in it. */
  static async open(root: string): Promise<Home> {
    await mkdir(root, { recursive: true, mode: 0o700 });
    const name = `${HOST}-${randomBytes(4).toString('hex')}`;
    // Under its own name only once the socket listens: without one it would look as if it were of a dead process.
    const draft = join(root, `.${name}`);
    const socket = join(draft, SOCKET);
    const excess = Buffer.byteLength(socket) - MAX_SOCKET_PATH;
    if (excess > 0) throw new Error(`auditLog.sender.spool is too long a path for a socket in it, by ${excess} bytes`);
    await mkdir(draft, { mode: 0o700 });
    await listen(socket);
    const home = new Home(root, name);
    await rename(draft, home.folder);
    return home;
  }

  /** Shows that we live, and takes over the files of processes that do not. On a slow disk one look may be left out. */
  async adopt(isFile: (name: string) => boolean): Promise<Found> {
    const found: Found = { files: [], neighbours: 0 };
    if (this.#isLooking) return found;
    this.#isLooking = true;
    try {
      await this.#look(isFile, found);
    } finally {
      this.#isLooking = false;
    }
    return found;
  }

  async #look(isFile: (name: string) => boolean, found: Found): Promise<void> {
    const now = await this.#touch();
    for (const name of await readdir(this.root)) {
      if (!HOME.test(name) || name === this.name) continue;
      if (await isAlive(join(this.root, name), now)) {
        found.neighbours += 1;
        continue;
      }
      const taken = join(this.folder, name);
      const isOurs = await rename(join(this.root, name), taken).then(() => true, () => false);
      if (isOurs) found.files.push(...(await this.#flatten(taken, isFile).catch(() => [])));
    }
  }

  /** Changes the folder, and gives what its time is then: that of the disk, which machines that share it share, too. */
  async #touch(): Promise<number> {
    const file = join(this.folder, TOUCHED);
    await writeFile(file, '');
    await unlink(file);
    return (await stat(this.folder)).mtimeMs;
  }

  /** Moves files up into our folder. A folder in which something else is stays. */
  async #flatten(taken: string, isFile: (name: string) => boolean): Promise<string[]> {
    const files = [];
    const others = [taken];
    for (const name of await readdir(taken, { recursive: true })) {
      const [from, to] = [join(taken, name), join(this.folder, basename(name))];
      if ([SOCKET, TOUCHED].includes(basename(name))) await unlink(from).catch(() => undefined);
      else if (!isFile(basename(name))) others.push(from);
      else if (await rename(from, to).then(() => true, () => false)) files.push(to);
    }
    for (const other of others.reverse()) await rmdir(other).catch(() => undefined);
    return files;
  }
}

/** Listens for as long as the process lives, and does not keep it alive. */
function listen(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => socket.destroy());
    server.on('error', error => reject(new Error(`${path}: ${error.message}`)));
    server.listen(path, () => {
      server.unref();
      resolve();
    });
  });
}

async function isAlive(folder: string, now: number): Promise<boolean> {
  if (basename(folder).startsWith(HOST)) return isListening(join(folder, SOCKET));
  return stat(folder).then(({ mtimeMs }) => now - mtimeMs < LEASE, () => true);
}

/** Only who certainly does not listen is dead. */
function isListening(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', error => {
      const { code } = error as NodeJS.ErrnoException;
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
  });
}
