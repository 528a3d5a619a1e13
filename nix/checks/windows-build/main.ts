import { double } from "./double";

const given: number = 21;
console.log(`the double of ${given} is ${double(given)}`);
