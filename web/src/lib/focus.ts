/** Where the keyboard goes in forms. */
import { tick } from 'svelte';

/** Goes to the first field of a form that was not accepted, once it is marked so. */
export async function focusInvalid(form: ParentNode): Promise<void> {
  await tick();
  const field = form.querySelector<HTMLElement>('[aria-invalid="true"]');
  const folded = field?.closest('details');
  if (folded) folded.open = true;
  field?.focus();
}
