/** `assay forge pcs` in this process: started, asked, and stopped as by its user. */
import { assay, type Ran } from './captured.test.support.ts';

export interface Standing {
  readonly url: string;
  readonly quote: string;
  readonly anchor: string;
  /** Ends it as Ctrl-C does. */
  readonly stop: () => Promise<Ran>;
}

/** @param how more words of the command line */
export async function standIn(folder: string, how = ''): Promise<Standing> {
  let tell: (text: string) => void = () => {};
  const told = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const words = `forge pcs --to ${folder} --port 0 --json ${how}`.trim().split(/\s+/);
  const running = assay(words, { heard: tell });
  const { url, quote, anchor } = JSON.parse(await Promise.race([told, running.then(({ stderr }) => stderr)]));
  return {
    url,
    quote,
    anchor,
    async stop() {
      process.emit('SIGINT');
      return running;
    },
  };
}
