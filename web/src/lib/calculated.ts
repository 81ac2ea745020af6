/** What a job of back-calculation says in the end. */
export interface BackReport {
  dry_run: boolean;
  read: number;
  evaluations: number;
  samples: number;
  bad: number;
  deleted: number;
  tags: { id: string; path: string; samples: number; bad: number }[];
  without: string[];
}
