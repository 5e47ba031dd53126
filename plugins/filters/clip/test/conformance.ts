/** Its defaults change nothing; these change some of the suite's values and leave others. */
export default { options: { rules: [{ match: '*', min: 10_000, max: 40_000 }] } }
