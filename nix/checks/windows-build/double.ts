export function double(given: number): number {
  return given * 2;
}
