/** Commands and settings of backups, as somebody types them. */

/** Returns a word for a POSIX shell, quoted where the shell would take it apart. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Returns the command that makes the data directory from a backup. */
export function restoreCommand(directory: string, id: string, data: string): string {
  const [from, to] = [shellWord(directory), shellWord(data)];
  return `headworks backup restore ${from} --id ${id} --data ${to} --replace`;
}

/** Returns the command that makes a backup by hand. */
export function createCommand(directory: string, data: string): string {
  return `headworks backup create ${shellWord(directory)} --data ${shellWord(data)}`;
}

/** Lines of `headworks.toml` that set hourly backups up. */
export const SETUP = ['[backup]', 'directory = "/mnt/backup/headworks"', 'every_minutes = 60'].join(
  '\n',
);
