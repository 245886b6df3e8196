import type { Rate } from "../../protocol/types";

/** The speeds that one can choose, and the key of each. */
export const RATES: readonly {
  readonly rate: Rate;
  readonly label: string;
  readonly name: string;
  readonly key: string;
}[] = [
  { rate: 1, label: "1x", name: "real time", key: "1" },
  { rate: 10, label: "10x", name: "ten times real time", key: "2" },
  { rate: 0, label: "max", name: "as fast as it goes", key: "3" },
];
