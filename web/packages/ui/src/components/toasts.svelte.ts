export interface Toast {
  id: number;
  text: string;
  tone: 'good' | 'bad';
}

/** How long a note stands: long enough to be read twice. A fault stays until it is dismissed. */
const STANDS_MS = 7_000;

/** Notes of what was done, said politely and once. */
export class Toasts {
  list = $state<Toast[]>([]);
  #next = 0;

  add(text: string, tone: Toast['tone'] = 'good'): void {
    const toast = { id: this.#next++, text, tone };
    // Three at once is what a person can take in.
    this.list = [...this.list, toast].slice(-3);
    if (tone === 'good') setTimeout(() => this.dismiss(toast.id), STANDS_MS);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}
